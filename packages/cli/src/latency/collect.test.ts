import { expect, test } from "vitest";
import { LatencyCollector, type TimeRange } from "./collect.ts";

const startMs = Date.parse("2026-01-31T12:00:00Z");

function line(afterMs: number, service: string, action: string, rest: Record<string, unknown> = {}): string {
  return JSON.stringify({ time: new Date(startMs + afterMs).toISOString(), service, action, status: "ok", ...rest });
}

function reportOf(lines: readonly string[], range: Partial<TimeRange> = {}) {
  const collector = new LatencyCollector(range);
  for (const each of lines) collector.add(each);
  return collector.report;
}

test("reports counts, rates, latencies, errors and retries of each operation, in the order of the stages", () => {
  const report = reportOf([
    line(10_000, "sink", "sink.batch", { durationMs: 20, details: { messages: 30, endToEndMs: { 100: 29, 400: 1 } } }),
    line(5_000, "sink", "sink.batch", { durationMs: 10, details: { messages: 10, endToEndMs: { 50: 10 } } }),
    line(7_000, "sink", "sink.bulk_write", { status: "retry", durationMs: 5_000 }),
    line(0, "api", "api.publish", { durationMs: 2, details: { messages: 40 } }),
    line(1, "ingest", "process.stop", { durationMs: 99_999 }),
    line(2, "embed", "process.crash", { status: "failed" }),
  ]);
  expect(report).toMatchObject({
    from: "2026-01-31T12:00:00.000Z",
    until: "2026-01-31T12:00:10.000Z",
    lines: { operations: 6, outside: 0, other: 0, damaged: 0 },
    endToEnd: { count: 40, ratePerS: 4, p50Ms: expect.closeTo(100, -0.4), maxMs: 400 },
  });
  expect(report.operations).toMatchObject([
    { stage: "api", operation: "api.publish", count: 1, ratePerS: 0.1, messages: 40 },
    { stage: "embed", operation: "process.crash", count: 0, errors: 1 },
    // The duration of a failed attempt says nothing about how long the operation takes.
    { stage: "sink", operation: "sink.bulk_write", count: 0, retries: 1, maxMs: 0 },
    { stage: "sink", operation: "sink.batch", count: 2, messages: 40, ratePerS: 0.2, maxMs: 20 },
  ]);
});

test("counts damaged and foreign lines, ignores empty ones, and reads all others", () => {
  const whole = line(0, "ingest", "ingest.pack", { durationMs: 1 });
  const report = reportOf(["", " \r", whole, whole.slice(0, 50), "[2026-01-31] INFO of another program", whole]);
  expect(report.lines).toEqual({ operations: 2, outside: 0, other: 1, damaged: 1 });
  expect(report.operations).toMatchObject([{ count: 2, ratePerS: null }]);
});

test("a report of nothing is empty", () => {
  expect(reportOf([])).toEqual({
    from: null,
    until: null,
    lines: { operations: 0, outside: 0, other: 0, damaged: 0 },
    endToEnd: null,
    operations: [],
  });
});

test("leaves out operations outside the requested time", () => {
  const lines = [0, 1_000, 2_000, 3_000].map((afterMs) => line(afterMs, "api", "api.search", { durationMs: afterMs }));
  const { lines: counts, operations } = reportOf(lines, { sinceMs: startMs + 1_000, untilMs: startMs + 2_000 });
  expect(counts).toMatchObject({ operations: 2, outside: 2 });
  expect(operations).toMatchObject([{ count: 2, maxMs: 2_000 }]);
});

test("unknown operations can't fill the memory", () => {
  const report = reportOf(Array.from({ length: 1_000 }, (_, at) => line(0, `s${at}`, "api.search", { durationMs: 1 })));
  expect(report.lines).toMatchObject({ operations: 256, other: 744 });
});
