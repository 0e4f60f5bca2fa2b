import fc from "fast-check";
import { countTokens } from "gpt-tokenizer/encoding/cl100k_base";
import { expect, test } from "vitest";
import { tokenBudget } from "./tokens.ts";

const LIMIT = 8_192;
const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 200 }),
  fc.string({ unit: "grapheme", maxLength: 200 }),
  // Long enough to be counted rather than bounded.
  fc
    .array(
      fc.oneof(fc.string({ unit: "grapheme" }), fc.constantFrom("the card ", "<|endoftext|>", "日本語", "👩‍👩‍👧")),
      {
        minLength: 100,
        maxLength: 400,
      },
    )
    .map((parts) => parts.join("")),
);

test("the budget of a text covers its tokens and the server's estimate of 0.25 token a byte", () => {
  fc.assert(
    fc.property(text, (string) => {
      const bytes = Buffer.from(string);
      const budget = tokenBudget(bytes, LIMIT);
      expect(budget).toBeGreaterThanOrEqual(countTokens(bytes.toString(), { disallowedSpecial: new Set() }));
      expect(budget).toBeGreaterThanOrEqual(bytes.length * 0.25);
      expect(Number.isInteger(budget)).toBe(true);
    }),
    { numRuns: 300 },
  );
});

test("a text is over a limit only where its tokens or the server's estimate are", () => {
  fc.assert(
    fc.property(text, fc.integer({ min: 1, max: 3_000 }), (string, limit) => {
      const bytes = Buffer.from(string);
      const tokens = countTokens(bytes.toString(), { disallowedSpecial: new Set() });
      const truth = Math.max(tokens, Math.ceil(bytes.length * 0.25));
      expect(tokenBudget(bytes, limit) > limit).toBe(truth > limit);
    }),
    { numRuns: 300 },
  );
});

test("a text as long as the byte limit allows is refused without being counted", () => {
  expect(tokenBudget(Buffer.alloc(1_048_576, "a "), LIMIT)).toBe(262_144);
});
