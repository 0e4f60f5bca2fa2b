import { expect, test } from "vitest";
import { falls, ratiosOf } from "./recorded.ts";

const exactly = (value: number) => ({ median: value, min: value, max: value });

test("ratios are the measures of a ceiling, to three decimals", () => {
  const measures = { "messages/s": exactly(1_000), "of the JSON ceiling": exactly(0.91234) };
  const sections = [{ title: "hnsw", rowTitle: "hnsw", rows: [{ name: "pipeline", measures }] }];
  expect(ratiosOf(sections)).toEqual({ "hnsw, pipeline, of the JSON ceiling": 0.912 });
});

test("a fall by more than a third is reported, and so is a ratio that was not measured", () => {
  const recorded = { steady: 0.9, noisy: 0.9, fallen: 0.9, gone: 0.9 };
  expect(falls(recorded, { steady: 0.95, noisy: 0.61, fallen: 0.59 })).toEqual([
    "fallen: 0.59; recorded: 0.9",
    "gone: not measured; recorded: 0.9",
  ]);
});
