import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { loadStaticEmbedder } from "./static-embedder.ts";

const embedder = loadStaticEmbedder();
const { dimensions } = embedder;
const text = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 20 }).map((codes) => String.fromCharCode(...codes)),
  fc
    .array(fc.constantFrom("card", "lost", "refund", "?", "😀", "ümlaut", ""), { maxLength: 12 })
    .map((w) => w.join(" ")),
);

function vectorOf(one: string): Float32Array {
  return embedder.embed([one]).vectors;
}

function cosine(left: string, right: string): number {
  const other = vectorOf(right);
  return vectorOf(left).reduce((sum, value, dimension) => sum + value * (other[dimension] ?? 0), 0);
}

test("names its model and dimensions", () => {
  expect(embedder.model).toBe("static-minilm-l6-256");
  expect(embedder.dimensions).toBe(256);
});

test("every text has a vector of length 1, or has no token and is listed as failed", () => {
  fc.assert(
    fc.property(fc.array(text, { maxLength: 12 }), (texts) => {
      const { vectors, failed } = embedder.embed(texts);
      expect(vectors).toHaveLength(texts.length * dimensions);
      expect(failed).toEqual(texts.flatMap((one, index) => (embedder.countTokens(one) === 0 ? [index] : [])));
      texts.forEach((_, index) => {
        const length = Math.hypot(...vectors.subarray(index * dimensions, (index + 1) * dimensions));
        if (failed.includes(index)) expect(length).toBe(0);
        else expect(Math.abs(length - 1)).toBeLessThan(1e-5);
      });
    }),
    { numRuns: 300 },
  );
});

test("a text's vector is independent of the other texts, to the last bit", () => {
  fc.assert(
    fc.property(fc.array(text, { minLength: 1, maxLength: 12 }), (texts) => {
      const { vectors } = embedder.embed(texts);
      texts.forEach((one, index) => {
        expect(vectors.slice(index * dimensions, (index + 1) * dimensions)).toEqual(vectorOf(one));
      });
    }),
    { numRuns: 100 },
  );
});

test("an earlier result stays unchanged", () => {
  const { vectors } = embedder.embed(["lost card"]);
  const before = vectors.slice();
  embedder.embed(["refund please", "x".repeat(5000)]);
  expect(vectors).toEqual(before);
});

test("no texts give no vectors", () => {
  expect(embedder.embed([])).toEqual({ vectors: new Float32Array(), failed: [] });
});

describe("the direction of a vector", () => {
  test("exists for words outside the vocabulary", () => {
    expect(embedder.embed(["😀", "", "\u200b", "🂡 🂢"]).failed).toEqual([1, 2]);
  });

  test("is the same for a text and its repetition", () => {
    expect(cosine("my card was stolen", "my card was stolen my card was stolen")).toBeCloseTo(1, 5);
  });

  test("reflects meaning, even without a shared word", () => {
    const question = "Where is my new bank card?";
    expect(cosine(question, "My credit card has not been delivered")).toBeGreaterThan(
      cosine(question, "Where is my nearest swimming pool?"),
    );
    expect(cosine("physician", "doctor")).toBeGreaterThan(cosine("physician", "banana") + 0.3);
  });
});

test("a text of a megabyte is embedded like any other", () => {
  const long = "lost card ".repeat(100_000);
  expect(embedder.countTokens(long)).toBe(200_000);
  expect(cosine(long, "lost card")).toBeCloseTo(1, 5);
});
