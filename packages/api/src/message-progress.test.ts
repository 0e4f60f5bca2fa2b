import { expect, test } from "vitest";
import { durationsOf, lastOf, timesOf } from "./message-progress.ts";

test("durations connect the reached milestones, across gaps", () => {
  expect(durationsOf({ stored: 1_500, published: 1_000, ingested: 1_100 })).toEqual([
    { from: "published", to: "ingested", ms: 100 },
    { from: "ingested", to: "stored", ms: 400 },
  ]);
});

test("a step that seems to end before it began has duration 0", () => {
  expect(durationsOf({ published: 1_002, ingested: 1_000 })).toEqual([{ from: "published", to: "ingested", ms: 0 }]);
});

test("times are ISO 8601, in pipeline order", () => {
  expect(Object.entries(timesOf({ ingested: 1, published: 0 }))).toEqual([
    ["published", "1970-01-01T00:00:00.000Z"],
    ["ingested", "1970-01-01T00:00:00.001Z"],
  ]);
});

test("the last milestone is the furthest, not the latest by timestamp", () => {
  expect(lastOf({ published: 9, ingested: 5 })).toBe("ingested");
  expect(lastOf({})).toBeUndefined();
});
