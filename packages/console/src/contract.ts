/** The data exchanged between the page and the api. Durations are in milliseconds, `…At` is ISO 8601, `atMs` since 1970. */

export const stages = ["ingest", "embed", "sink"] as const;
export type StageName = (typeof stages)[number];

export interface LatencyFigures {
  count: number;
  p50Ms: number;
  p95Ms: number;
  p99Ms: number;
  maxMs: number;
  /** Over the last five to ten seconds, accurate to 5 %; absent without recent measurements. */
  recent?: { p50Ms: number; p99Ms: number } | undefined;
}

/** `slow`: it works, but takes longer than it should. */
export type CheckStatus = "ok" | "slow" | "failed";

export interface Check {
  status: CheckStatus;
  cause?: string | undefined;
  since?: string | undefined;
}

export interface StageSnapshot {
  state: "running" | "waiting" | "stopped" | null;
  instances: number | null;
  /** Messages processed since the processes started. */
  messages: number | null;
  deadLettered: number | null;
  inFlight: number | null;
  /** Messages per second over the last ten seconds; null until two reports arrived. */
  rate: number | null;
  /** Uncommitted records by topic; null if the topic does not exist. */
  lag: Readonly<Record<string, number | null>> | null;
  /** By operation, since the processes started: the same figures as in GET /status. */
  latencies: Readonly<Record<string, LatencyFigures>>;
}

export interface TopicNames {
  source: readonly string[];
  batches: string;
  vectors: string;
  deadLetters: string;
}

/** The pipeline at one moment: the event `snapshot` of GET /events, about once a second. */
export interface Snapshot {
  atMs: number;
  topics: TopicNames;
  /** By process and service, named as in GET /health. */
  checks: Readonly<Record<string, Check>>;
  stages: Readonly<Record<StageName, StageSnapshot>>;
  /** The api process that sends this. */
  api: { messages: number; latencies: Readonly<Record<string, LatencyFigures>> };
}

/** A snapshot's values for the plots. */
export interface HistoryPoint {
  atMs: number;
  rates: Readonly<Record<StageName, number | null>>;
  lags: Readonly<Record<StageName, number | null>>;
  /** Recent latencies by operation. */
  latencies: Readonly<Record<string, { p50Ms: number; p99Ms: number }>>;
}

/** A dead-lettered message. */
export interface DeadLetterEntry {
  id: string;
  code: string | null;
  cause: string | null;
  recordedAt: string;
  /** The beginning of its content; null if it is not text. */
  preview: string | null;
}

/** GET /dead-letters: the newest ones and the total number. */
export interface DeadLetterList {
  total: number;
  deadLetters: readonly DeadLetterEntry[];
}

/** The doctor's report on one process. */
export interface DoctorReport {
  process: string;
  checkedAt: string;
  dependencies: readonly {
    dependency: string;
    status: "ok" | "failed";
    durationMs: number;
    failure?: { step: string; code: string; said: string; remedy: { text: string; policy?: unknown } };
  }[];
}

/** GET /doctor */
export interface DoctorReports {
  reports: readonly { instance: string; report: DoctorReport }[];
  /** Why some reports are missing. */
  unknown?: string;
}
