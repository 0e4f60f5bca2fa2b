import { expect, test } from "vitest";
import type { HistoryPoint, Snapshot, StageSnapshot } from "./contract.ts";
import { extendHistory } from "./history.ts";

const latency = { count: 9, p50Ms: 1, p95Ms: 2, p99Ms: 3, maxMs: 4 };
const idle: StageSnapshot = {
  ...{ state: "running", instances: 1, messages: 9, deadLettered: 0, inFlight: 0, rate: 1.5 },
  lag: { one: 3, two: 4, missing: null },
  latencies: { "sink.batch": { ...latency, recent: { p50Ms: 5, p99Ms: 6 } }, "sink.insert": latency },
};

function snapshotAt(atMs: number): Snapshot {
  return {
    atMs,
    topics: { source: ["one"], batches: "batches", vectors: "vectors", deadLetters: "dead" },
    checks: {},
    stages: { ingest: { ...idle, lag: null, latencies: {} }, embed: { ...idle, latencies: {} }, sink: idle },
    api: { messages: 0, latencies: {} },
  };
}

test("a point has each stage's total lag and the recent latencies", () => {
  expect(extendHistory([], snapshotAt(1_000))).toEqual([
    {
      atMs: 1_000,
      rates: { ingest: 1.5, embed: 1.5, sink: 1.5 },
      lags: { ingest: null, embed: 7, sink: 7 },
      latencies: { "sink.batch": { p50Ms: 5, p99Ms: 6 } },
    },
  ]);
});

test("a time without snapshots interrupts the lines", () => {
  const history = [1_000, 3_000, 60_000].reduce<readonly HistoryPoint[]>(
    (points, atMs) => extendHistory(points, snapshotAt(atMs)),
    [],
  );
  expect(history.map(({ atMs, rates }) => [atMs, rates.sink])).toEqual([
    [1_000, 1.5],
    [3_000, 1.5],
    [5_000, null],
    [60_000, 1.5],
  ]);
});

test("drops points older than ten minutes, however few newer ones there are", () => {
  const history = [1_000, 3_000, 500_000, 602_000].reduce<readonly HistoryPoint[]>(
    (points, atMs) => extendHistory(points, snapshotAt(atMs)),
    [],
  );
  expect(history.map(({ atMs }) => atMs)).toEqual([3_000, 5_000, 500_000, 502_000, 602_000]);
});

test("keeps points of the last ten minutes, about two seconds apart", () => {
  let history: readonly HistoryPoint[] = [];
  for (let second = 0; second < 900; second++) history = extendHistory(history, snapshotAt(second * 1_003));
  expect(history).toHaveLength(300);
  expect(history.at(-1)?.atMs).toBeGreaterThan(897 * 1_003);
  expect((history[1]?.atMs ?? 0) - (history[0]?.atMs ?? 0)).toBe(2_006);
});
