import { expect, test } from "vitest";
import { isKept, type RunOutcome } from "./outcome.ts";
import { describeOutcome, findings, summaryTable } from "./report.ts";

const kept: RunOutcome = {
  seed: 7,
  published: 100,
  acknowledged: 99,
  rows: 100,
  documents: 98,
  vanished: [],
  missingRows: [],
  missingDocuments: [],
  doubledRows: [],
  doubledDocuments: [],
  wrong: [],
  drainMs: 1_500,
  stall: { fromMs: 1_000, toMs: 9_040, during: ["kill sink 1–1 s"], resumedAfterMs: 7_640 },
  embeddedAgain: 2,
  embeddedAgainShare: 0.02,
  restarts: 3,
  crashes: [],
  peakBytes: { ingest: 150 * 1024 * 1024 },
  faults: [
    { fault: "kill sink for 0.3 s", name: "kill sink", plannedAtMs: 1_000, startedAtMs: 1_001, healedAtMs: 1_400 },
  ],
  logDirectory: "logs/faults_7",
};
const broken: RunOutcome = { ...kept, seed: 8, rows: 99, missingRows: ["t-0-5"], missingDocuments: ["t-0-5", "t-1-1"] };

test("a run kept the promise only if nothing is missing, doubled, wrong or hung", () => {
  expect(isKept(kept)).toBe(true);
  const groups = ["vanished", "missingRows", "missingDocuments", "doubledRows", "doubledDocuments", "wrong"] as const;
  for (const group of groups) expect(isKept({ ...kept, [group]: ["t-0-5"] })).toBe(false);
  expect(isKept({ ...kept, hung: "1 row left" })).toBe(false);
});

test("a broken promise is reported with everything needed to investigate it", () => {
  const text = describeOutcome({ ...broken, hung: "99 rows for 100 records" });
  for (const part of ["BROKEN: seed 8", "missing 2", "t-1-1", "99 rows", "kill sink", "logs/faults_7"]) {
    expect(text).toContain(part);
  }
  expect(describeOutcome(kept)).toContain("KEPT: seed 7");
});

test("the table has one row per run, and the totals", () => {
  const { summary, body } = findings([kept, broken]);
  expect(body).toContain(
    "| 7 | 1 | 3 | 100 | 0 | 0 | 0 | 0 | 0 | 8.0 s | 7.6 s | kill sink 1–1 s | 2.0 % | ingest 150 MB |",
  );
  const totals =
    "1 of 2 runs kept the promise: 2 faults, 6 restarts, 200 messages, 2 missing, 0 doubled, 0 wrong, 0 hung, 0 crashed; longest stall 8.0 s.";
  expect(summary).toBe(`**${totals}**`);
  const lines = summaryTable([kept, broken]).split("\n");
  expect(lines[1]?.trim().split(/ {2,}/)).toEqual(["7", "1", "3", "100", "0", "0", "0", "0", "0", "8.0 s", "7.6 s"]);
  expect(lines.at(-1)).toBe(totals);
});
