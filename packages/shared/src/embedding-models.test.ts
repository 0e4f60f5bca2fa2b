import { expect, test } from "vitest";
import { estimateUsd, pricedModels, priceOf } from "./embedding-models.ts";

test("the cost follows the model's price per million tokens", () => {
  expect(estimateUsd("text-embedding-3-small", 1_000_000)).toBe(0.02);
  expect(estimateUsd("text-embedding-3-large", 500_000)).toBe(0.065);
  for (const model of pricedModels) expect(priceOf(model)).toBeGreaterThan(0);
});

test.each(["static-minilm-l6-256", "constructor", ""])("%j has no known price", (model) => {
  expect(estimateUsd(model, 1_000)).toBeUndefined();
});
