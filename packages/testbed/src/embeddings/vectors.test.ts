import fc from "fast-check";
import { expect, test } from "vitest";
import { VectorSpace } from "./vectors.ts";

test.each([15, 16, 64, 1_536])("the same %d numbers in every form", (dimensions) => {
  const space = new VectorSpace(dimensions);
  fc.assert(
    fc.property(fc.string(), (text) => {
      const vector = space.vectorOf(text);
      expect(new Float32Array(new Uint8Array(Buffer.from(space.base64Of(text), "base64")).buffer)).toEqual(vector);
      expect(Float32Array.from(JSON.parse(space.jsonOf(text)))).toEqual(vector);
      expect(new VectorSpace(dimensions).vectorOf(text)).toEqual(vector);
    }),
    { numRuns: 5 },
  );
});

test("every text has its own vector, of length close to 1", () => {
  const space = new VectorSpace(256);
  const vectors = Array.from({ length: 10_000 }, (_, index) => space.vectorOf(`text ${index}`));
  expect(new Set(vectors.map((vector) => vector.subarray(0, 3).join())).size).toBe(10_000);
  for (const vector of vectors) expect(Math.hypot(...vector)).toBeCloseTo(1, 0);
});
