import fc from "fast-check";
import { expect, test } from "vitest";
import { endToEndCounts } from "./end-to-end.ts";

const nowMs = Date.parse("2026-01-31T12:00:00Z");
const aged = (agesMs: readonly number[]) => agesMs.map((ageMs) => ({ timestampMs: nowMs - ageMs }));

test("short ages are exact, and a timestamp in the future counts as age zero", () => {
  expect(endToEndCounts(aged([12, 99, 12, 0, -5]), nowMs)).toEqual({ 0: 2, 12: 2, 99: 1 });
  expect(endToEndCounts([], nowMs)).toEqual({});
});

test("every message is counted within 1 %, and a backlog's batch has few distinct counts", () => {
  const oneMonthMs = 2_678_400_000;
  fc.assert(
    fc.property(fc.nat(oneMonthMs), (ageMs) => {
      const [[roundedMs, count] = []] = Object.entries(endToEndCounts(aged([ageMs]), nowMs));
      expect(count).toBe(1);
      expect(Math.abs(Number(roundedMs) - ageMs)).toBeLessThanOrEqual(ageMs / 100);
    }),
  );
  const backlog = Array.from({ length: 2_048 }, (_, index) => 60_000 + index * 30);
  const counts = endToEndCounts(aged(backlog), nowMs);
  expect(Object.values(counts).reduce((sum, count) => sum + count)).toBe(2_048);
  expect(Object.keys(counts).length).toBeLessThan(64);
});
