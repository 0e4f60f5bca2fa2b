import type { Presence, Stage } from "@millrace/stage";
import { expect, test } from "vitest";
import { Rates } from "./rates.ts";

const started = Date.parse("2026-01-01T00:00:00Z");

function report(instance: string, second: number, messages: number): Presence {
  return {
    ...{ instance, messages, ready: true, dependencies: {}, deadLettered: 0, inFlight: 0, latencies: {}, slow: [] },
    startedAt: new Date(started).toISOString(),
    reportedAt: new Date(started + second * 1_000).toISOString(),
    lastActivityAt: null,
  };
}

function presence(...sink: Presence[]): Record<Stage, Presence[]> {
  return { ingest: [], embed: [], sink };
}

test("a rate needs two reports and is the sum over a stage's instances", () => {
  const rates = new Rates();
  expect(rates.read(presence(report("one", 0, 100), report("two", 0, 0)))).toEqual({
    ingest: null,
    embed: null,
    sink: null,
  });
  expect(rates.read(presence(report("one", 2, 160), report("two", 2, 20))).sink).toBeCloseTo(40);
});

test("a report read twice counts once", () => {
  const rates = new Rates();
  rates.read(presence(report("one", 0, 0)));
  rates.read(presence(report("one", 0, 0)));
  expect(rates.read(presence(report("one", 4, 10))).sink).toBeCloseTo(2.5);
});

test("only the last ten seconds count", () => {
  const rates = new Rates();
  for (let second = 0; second <= 30; second += 2)
    rates.read(presence(report("one", second, second < 20 ? 0 : (second - 20) * 7)));
  expect(rates.read(presence(report("one", 32, 84))).sink).toBeCloseTo(7);
});

test("a restarted process has no negative rate, and a stopped one is dropped", () => {
  const rates = new Rates();
  rates.read(presence(report("one", 0, 1_000)));
  const restarted = { ...report("one", 4, 8), startedAt: new Date(started + 2_000).toISOString() };
  expect(rates.read(presence(restarted)).sink).toBeNull();
  rates.read(presence());
  expect(
    rates.read(presence({ ...restarted, messages: 80, reportedAt: report("one", 6, 0).reportedAt })).sink,
  ).toBeNull();
});
