import type { DistributionSummary } from "@millrace/shared";
import { textTable } from "@millrace/stack";
import { END_TO_END, type LatencyReport } from "./collect.ts";

const COLUMNS = ["stage", "operation", "count", "per s", "p50 ms", "p90 ms", "p99 ms", "max ms", "errors", "retries"];

/** Formats the report for people. */
export function latencyTable({ from, until, lines, endToEnd, operations }: LatencyReport): string {
  const rows = operations.map((each) => [
    each.stage,
    each.operation,
    ...figures(each, each.ratePerS),
    String(each.errors),
    String(each.retries),
  ]);
  if (endToEnd) rows.push(["", END_TO_END, ...figures(endToEnd, endToEnd.ratePerS), "", ""]);
  const { operations: read, outside, other, damaged } = lines;
  return [
    `${from ?? "–"} to ${until ?? "–"}`,
    ...textTable([COLUMNS, ...rows], "left", "left", "right"),
    `${read} operations read; ${damaged} lines damaged, ${other} of other kinds, ${outside} outside the time range`,
  ].join("\n");
}

export function figures({ count, p50Ms, p90Ms, p99Ms, maxMs }: DistributionSummary, ratePerS: number | null): string[] {
  const latencies = [p50Ms, p90Ms, p99Ms, maxMs].map((ms) => (maxMs === 0 ? "–" : ms.toFixed(1)));
  return [String(count), ratePerS === null ? "–" : ratePerS.toFixed(1), ...latencies];
}
