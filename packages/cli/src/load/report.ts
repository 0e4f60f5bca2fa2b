import type { DistributionSummary } from "@millrace/shared";
import { textTable } from "@millrace/stack";
import { figures } from "../latency/table.ts";
import type { Measurements } from "./measure.ts";
import type { Phase } from "./profiles.ts";

export interface Thresholds {
  p99PublishMs?: number;
  p99StoredMs?: number;
  /** Share of requests that may fail, from 0 to 1. */
  errorRate: number;
}

export interface LimitCheck {
  name: string;
  limit: number;
  actual: number;
  passed: boolean;
}

export interface LoadReport {
  profile: string;
  passed: boolean;
  checks: LimitCheck[];
  sent: number;
  answered: number;
  errorRate: number;
  /** Failed requests by HTTP status or connection error. */
  errors: Record<string, number>;
  ratePerS: number;
  publish: DistributionSummary;
  phases: (Phase & { publish: DistributionSummary })[];
  /** From the time a message was due until both stores had it, for a sample. */
  stored: DistributionSummary & { sampled: number; deadLettered: number; missing: number };
  late: DistributionSummary;
}

export function reportOf(
  profile: string,
  phases: readonly Phase[],
  measurements: Measurements,
  thresholds: Thresholds,
): LoadReport {
  const { sent, answered, durationMs, sampled, deadLettered, missing } = measurements;
  const publish = measurements.publishAll.summary;
  const stored = { ...measurements.stored.summary, sampled, deadLettered, missing };
  const errorRate = sent === 0 ? 1 : (sent - answered) / sent;
  const checks = checksOf({ publish, stored, errorRate }, thresholds);
  return {
    profile,
    passed: checks.every(({ passed }) => passed),
    checks,
    sent,
    answered,
    errorRate,
    errors: Object.fromEntries(measurements.errors),
    ratePerS: durationMs === 0 ? 0 : Math.round((sent / durationMs) * 1_000_000) / 1_000,
    publish,
    phases: phases.map((phase, index) => ({
      ...phase,
      publish: measurements.publish[index]?.summary ?? { count: 0, p50Ms: 0, p90Ms: 0, p99Ms: 0, maxMs: 0 },
    })),
    stored,
    late: measurements.late.summary,
  };
}

type Checked = Pick<LoadReport, "publish" | "stored" | "errorRate">;

function checksOf({ publish, stored, errorRate }: Checked, thresholds: Thresholds): LimitCheck[] {
  // No measurement is no proof of speed.
  const p99 = ({ count, p99Ms }: DistributionSummary) => (count === 0 ? Number.POSITIVE_INFINITY : p99Ms);
  const all: [name: string, limit: number | undefined, actual: number][] = [
    ["error rate", thresholds.errorRate, errorRate],
    ["sampled messages that were not stored", 0, stored.missing + stored.deadLettered],
    ["p99 publish (ms)", thresholds.p99PublishMs, p99(publish)],
    ["p99 publish → stored (ms)", thresholds.p99StoredMs, p99(stored)],
  ];
  return all.flatMap(([name, limit, actual]) =>
    limit === undefined ? [] : [{ name, limit, actual, passed: actual <= limit }],
  );
}

/** Formats the report for people. */
export function loadTable(report: LoadReport): string {
  const { profile, phases, stored, late, sent, answered, errors, ratePerS, checks } = report;
  const kinds = Object.entries(errors).map(([kind, count]) => `${count} ${kind}`);
  const row = (stage: string, name: string, summary: DistributionSummary) => [stage, name, ...figures(summary, null)];
  const rows = [
    ["", "", "count", "per s", "p50 ms", "p90 ms", "p99 ms", "max ms"],
    ...phases.map(({ name, ratePerS: rate, publish }) => ["publish", name, ...figures(publish, rate)]),
    ...(phases.length > 1 ? [row("publish", "total", report.publish)] : []),
    row("stored", "sample", stored),
    row("sent", "late by", late),
  ];
  return [
    `${profile}: ${sent} sent at ${ratePerS.toFixed(1)} a second, ${answered} published, ${sent - answered} failed${kinds.length > 0 ? ` (${kinds.join(", ")})` : ""}`,
    `${stored.sampled} followed: ${stored.count} stored, ${stored.deadLettered} dead-lettered, ${stored.missing} missing`,
    ...textTable(rows, "left", "left", "right"),
    ...checks.map(
      ({ name, limit, actual, passed }) => `${passed ? "pass" : "FAIL"}  ${name}: ${actual}, limit ${limit}`,
    ),
  ].join("\n");
}
