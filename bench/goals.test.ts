import { expect, test } from "vitest";
import { goalTable } from "./goals.ts";

const exactly = (median: number) => ({ median, min: median, max: median });

test("a goal is reached when the median of each of its rows is within the bound", () => {
  const rows = (p50: number, other: number) => [
    { name: "hnsw, 100 messages/s", measures: { p50: exactly(p50) } },
    { name: "flat, 100 messages/s", measures: { p50: { median: other, min: 1, max: 999 } } },
    { name: "flat, 500 messages/s", measures: { p50: exactly(9_999) } },
  ];
  const section = (p50: number, other: number) => [
    { title: "publish → stored, API 100 ms, in ms", rowTitle: "rate", rows: rows(p50, other) },
  ];
  expect(goalTable(section(180, 90))).toBe(
    "| measure | goal | figure |  |\n| --- | --- | --- | --- |\n" +
      "| publish → stored, 100 messages/s, median | ≤ 180 ms | 180 (hnsw, 100 messages/s); 90 (1–999) (flat, 100 messages/s) | reached |",
  );
  expect(goalTable(section(180, 181))).toContain("| **not reached** |");
});

test("a missing measure has no line", () => {
  expect(goalTable([]).split("\n")).toHaveLength(2);
});
