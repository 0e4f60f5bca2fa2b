import { hash } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { TextSet } from "./text-set.ts";

test("a text is new once", () => {
  const set = new TextSet();
  const seen = new Set<string>();
  fc.assert(
    fc.property(fc.string({ maxLength: 3 }), (text) => {
      expect(set.add(hash("sha256", text))).toBe(!seen.has(text));
      seen.add(text);
    }),
    { numRuns: 2_000 },
  );
  expect(set.isFull).toBe(false);
});

test("distinguishes hashes that fall into the same slot", () => {
  const set = new TextSet();
  const hashes = [0, 1, 2].map((index) => (7 + index * 2 ** 22).toString(16).padStart(64, "0"));
  expect([...hashes, ...hashes].map((each) => set.add(each))).toEqual([true, true, true, false, false, false]);
});
