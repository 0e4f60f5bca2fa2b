import { expect, test } from "vitest";
import { longestStallMs, type Sample } from "./stall.ts";

function samples(...rows: [atMs: number, published: number, stored: number][]): Sample[] {
  return rows.map(([atMs, published, stored]) => ({ atMs, published, stored }));
}

test("the longest time without an increase counts", () => {
  const seen = samples([0, 10, 0], [100, 20, 10], [200, 30, 10], [900, 40, 10], [1_000, 50, 20], [1_100, 60, 30]);
  expect(longestStallMs(seen)).toBe(900);
});

test("a time with nothing to store is no stall", () => {
  expect(longestStallMs(samples([0, 10, 0], [100, 10, 10], [5_000, 10, 10], [5_100, 20, 20]))).toBe(100);
});

test("a stall that never ended counts until the last look", () => {
  expect(longestStallMs(samples([0, 10, 5], [3_000, 10, 5]))).toBe(3_000);
});

test("without looks there is no stall", () => {
  expect(longestStallMs([])).toBe(0);
});
