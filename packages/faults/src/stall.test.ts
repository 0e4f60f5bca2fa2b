import { expect, test } from "vitest";
import type { Injected } from "./inject.ts";
import { explain, lengthMs, longestStall, type Sample } from "./stall.ts";

function samples(...rows: [atMs: number, published: number, stored: number][]): Sample[] {
  return rows.map(([atMs, published, stored]) => ({ atMs, published, stored }));
}

function injected(name: string, startedAtMs: number, healedAtMs: number): Injected {
  return { fault: `${name} for a while`, name, plannedAtMs: startedAtMs, startedAtMs, healedAtMs };
}

test("the longest time without an increase counts", () => {
  const seen = samples([0, 10, 0], [100, 20, 10], [200, 30, 10], [900, 40, 10], [1_000, 50, 20], [1_100, 60, 30]);
  expect(longestStall(seen)).toEqual({ fromMs: 100, toMs: 1_000 });
});

test("time without anything to store is not a stall", () => {
  const seen = samples([0, 10, 0], [100, 10, 10], [5_000, 10, 10], [5_100, 20, 20]);
  expect(longestStall(seen)).toEqual({ fromMs: 0, toMs: 100 });
});

test("a stall that never ends counts until the last sample", () => {
  expect(longestStall(samples([0, 10, 5], [3_000, 10, 5]))).toEqual({ fromMs: 0, toMs: 3_000 });
});

test("without samples there is no stall", () => {
  expect(lengthMs(longestStall([]))).toBe(0);
});

test("a stall is explained by the faults of its time, and how soon after the last of their remedies it ended", () => {
  const faults = [
    injected("kill api", 0, 900),
    injected("stop-service kafka", 1_000, 12_000),
    injected("kill-service kafka", 13_000, 20_000),
    injected("rolling-restart pipeline", 14_000, 40_000),
    injected("slow redis", 30_000, 35_000),
  ];
  expect(explain({ fromMs: 900, toMs: 21_500 }, faults)).toEqual({
    fromMs: 900,
    toMs: 21_500,
    during: ["stop-service kafka 1–12 s", "kill-service kafka 13–20 s", "rolling-restart pipeline 14–40 s"],
    resumedAfterMs: 1_500,
  });
});

test("a stall without a remedied fault has no time after it", () => {
  const faults = [injected("blackhole postgres", 500, 9_000)];
  expect(explain({ fromMs: 1_000, toMs: 4_000 }, faults)).not.toHaveProperty("resumedAfterMs");
});
