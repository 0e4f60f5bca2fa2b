import fc from "fast-check";
import { countTokens as tokensOf } from "gpt-tokenizer/encoding/cl100k_base";
import { expect, test } from "vitest";
import { TokenEstimate } from "./token-estimate.ts";

test("before anything is known it is enough for the languages that people write", () => {
  const estimate = new TokenEstimate();
  for (const text of [
    "My card has not arrived yet.",
    "我的卡还没有到，上周被扣了两次费。",
    "Моя карта ещё не пришла.",
  ]) {
    expect(estimate.of([text])).toBeGreaterThanOrEqual(tokensOf(text));
  }
  // As docs/rate-and-cost.md says: 0.36 token a byte.
  expect(estimate.of(["x".repeat(1_000)])).toBe(364);
});

test("it follows what the answers were, and never falls below what a server charges unseen", () => {
  const estimate = new TokenEstimate();
  const texts = ["x".repeat(1_000)];
  estimate.learn(texts, 400);
  expect(estimate.of(texts)).toBe(441);
  for (let answer = 0; answer < 500; answer++) estimate.learn(texts, 200);
  expect(estimate.of(texts)).toBe(250);
});

test("texts as dense as the last ones, or a tenth denser, never take more than was estimated", () => {
  const answers = fc.array(
    fc.tuple(fc.integer({ min: 1, max: 10_000 }), fc.double({ min: 0.01, max: 0.9, noNaN: true })),
    {
      minLength: 1,
      maxLength: 50,
    },
  );
  fc.assert(
    fc.property(answers, fc.double({ min: 0, max: 1.1, noNaN: true }), (given, share) => {
      const estimate = new TokenEstimate();
      let [density, texts] = [0, [""]];
      for (const [bytes, perByte] of given) {
        texts = ["x".repeat(bytes)];
        const tokens = Math.ceil(bytes * perByte);
        density = tokens / bytes;
        estimate.learn(texts, tokens);
      }
      const bytes = (texts[0] ?? "").length;
      expect(estimate.of(texts)).toBeGreaterThanOrEqual(Math.floor(Math.min(bytes, bytes * density * share)));
    }),
  );
});
