import fc from "fast-check";
import { expect, test } from "vitest";
import { add, found, judge, type PartitionReport, repairable, stretchesOf } from "./reconcile.ts";

function emptyReport(): PartitionReport {
  return { partition: 0, messages: 0, complete: 0, deadLettered: 0, findings: new Map() };
}

function judged(flags: number[], byKey = false) {
  const report = emptyReport();
  const { absent } = judge(Uint8Array.from(flags), 100, !byKey, report);
  return {
    complete: report.complete,
    deadLettered: report.deadLettered,
    findings: Object.fromEntries(report.findings),
    absent,
  };
}

const { info, error, document, doubled, expected } = found;

test("a row and a document are complete; an error row alone is a dead letter; without either, the source decides", () => {
  expect(judged([info | document, error, 0])).toEqual({ complete: 1, deadLettered: 1, findings: {}, absent: [102] });
});

test("reports what is missing, doubled or orphaned by its offset", () => {
  expect(judged([document, info, info | document | doubled, error | document]).findings).toEqual({
    "missing row": [100],
    "missing document": [101],
    "doubled document": [102],
    "orphaned document": [103],
  });
});

test("with documents by key, only the latest message of a key needs one", () => {
  const flags = [info, info | document | expected, info | expected];
  expect(judged(flags, true)).toEqual({
    complete: 2,
    deadLettered: 0,
    findings: { "missing document": [102] },
    absent: [],
  });
});

test("each offset is counted exactly once", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 31 }), { maxLength: 200 }), fc.boolean(), (flags, byKey) => {
      const { complete, deadLettered, findings, absent } = judged(flags, byKey);
      const named = Object.values(findings).reduce((sum, offsets) => sum + offsets.length, 0);
      expect(complete + deadLettered + named + absent.length).toBe(flags.length);
    }),
  );
});

test("a repair sends exactly the messages without a row or a document", () => {
  const report = emptyReport();
  add(report, "missing row", 5);
  add(report, "missing document", 3);
  add(report, "doubled document", 4);
  add(report, "orphaned document", 6);
  expect(repairable(report)).toEqual([5, 3]);
});

test("the ranges to read cover each offset once, and little else", () => {
  expect(stretchesOf(3, [])).toEqual([]);
  expect(stretchesOf(3, [5, 7, 1_000_000])).toEqual([
    { partition: 3, from: 5, to: 8 },
    { partition: 3, from: 1_000_000, to: 1_000_001 },
  ]);
});
