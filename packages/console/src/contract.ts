/** What the page and the api agree on. Durations are in milliseconds, `…At` is ISO 8601, `atMs` since 1970. */

export const stages = ["ingest", "embed", "sink"] as const;
export type Stage = (typeof stages)[number];

export interface Latency {
  count: number;
  p50Ms: number;
  p95Ms: number;
  p99Ms: number;
  maxMs: number;
  /** Of the last five to ten seconds, within 5 %; absent where nothing was measured then. */
  recent?: { p50Ms: number; p99Ms: number } | undefined;
}

/** `slow`: it works, and takes longer than it should. */
export type CheckStatus = "ok" | "slow" | "failed";

export interface Check {
  status: CheckStatus;
  cause?: string | undefined;
  since?: string | undefined;
}

export interface StageSnapshot {
  state: "running" | "waiting" | "stopped" | null;
  instances: number | null;
  /** Messages done since the processes began. */
  messages: number | null;
  deadLettered: number | null;
  inFlight: number | null;
  /** Messages a second over the last ten seconds; null until it was seen for a while. */
  rate: number | null;
  /** Records of each topic that the stage has not committed; null where the topic does not exist. */
  lag: Readonly<Record<string, number | null>> | null;
  /** By operation, since the processes began: the figures that GET /status tells. */
  latencies: Readonly<Record<string, Latency>>;
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
  /** By process and service, as GET /health names them. */
  checks: Readonly<Record<string, Check>>;
  stages: Readonly<Record<Stage, StageSnapshot>>;
  /** Of the api process that tells this. */
  api: { messages: number; latencies: Readonly<Record<string, Latency>> };
}

/** What the plots draw of a snapshot. */
export interface HistoryPoint {
  atMs: number;
  rates: Readonly<Record<Stage, number | null>>;
  lags: Readonly<Record<Stage, number | null>>;
  /** By operation: its recent ones. */
  latencies: Readonly<Record<string, { p50Ms: number; p99Ms: number }>>;
}

/** A message that was given up. */
export interface DeadLetter {
  id: string;
  code: string | null;
  cause: string | null;
  recordedAt: string;
  /** The beginning of its content, where that is text. */
  preview: string | null;
}

/** GET /dead-letters: the latest ones, and how many there are. */
export interface DeadLetterList {
  total: number;
  deadLetters: readonly DeadLetter[];
}

/** What the doctor found of one process. */
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
  /** Why some are missing. */
  unknown?: string;
}
