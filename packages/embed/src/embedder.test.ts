import { poison } from "@millrace/shared";
import fc from "fast-check";
import { expect, test } from "vitest";
import { cachedEmbedder, type VectorCache } from "./embedder.ts";
import type { Embedded } from "./provider.ts";
import { checksum, readEntry } from "./redis/vector-cache.ts";

/** A vector of two numbers that tells texts apart; texts that begin with "!" have none. */
function vectorOf(text: string): number[] {
  return [text.length, [...text].reduce((sum, letter) => (sum * 31 + (letter.codePointAt(0) ?? 0)) % 65_521, 7)];
}

function countingProvider() {
  const paid: string[] = [];
  const embed = async (texts: readonly string[]): Promise<Embedded> => {
    paid.push(...texts);
    const kept = texts.filter((text) => !text.startsWith("!"));
    const failed = texts.flatMap((text, index) =>
      text.startsWith("!") ? [{ index, fault: poison("rejected", "refused") }] : [],
    );
    return { model: "m", dimensions: 2, vectors: Float32Array.from(kept.flatMap(vectorOf)), failed };
  };
  return { provider: { embed }, paid };
}

function memoryCache(): VectorCache & { entries: Map<string, Float32Array> } {
  const entries = new Map<string, Float32Array>();
  return {
    model: "m",
    dimensions: 2,
    failures: 0,
    entries,
    keyOf: (text) => text.toString(),
    read: async (keys) => keys.map((key) => entries.get(key)),
    async write(keys, vectors) {
      keys.forEach((key, row) => {
        entries.set(key, vectors.slice(2 * row, 2 * row + 2));
      });
      return true;
    },
  };
}

function embed(embedder: ReturnType<typeof cachedEmbedder>, texts: string[]) {
  const messages = texts.map((text) => ({
    topic: "t",
    partition: 0,
    offset: 0,
    timestampMs: 0,
    key: null,
    headers: [],
    value: Buffer.from(text),
    text: Buffer.from(text),
  }));
  return embedder.embed(messages, (length) => new Float32Array(length));
}

test("every text gets its own vector in its place, and is paid for once, however batches repeat it", async () => {
  const text = fc.constantFrom("a", "b", "c", "dd", "ee", "!bad", "!worse");
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(text, { minLength: 1, maxLength: 8 }), { maxLength: 6 }), async (batches) => {
      const { provider, paid } = countingProvider();
      const embedder = cachedEmbedder(provider, memoryCache());
      for (const texts of batches) {
        const outcome = await embed(embedder, texts);
        expect([...outcome.vectors]).toEqual(texts.filter((each) => !each.startsWith("!")).flatMap(vectorOf));
        expect(outcome.failed.map(({ index }) => index)).toEqual(
          texts.flatMap((each, index) => (each.startsWith("!") ? [index] : [])),
        );
      }
      const good = paid.filter((each) => !each.startsWith("!"));
      expect(new Set(good).size).toBe(good.length);
    }),
    { numRuns: 200 },
  );
});

test("an entry that is damaged, cut or another key's is not believed", () => {
  const vector = Buffer.from(Float32Array.of(1, 2).buffer);
  const entry = Buffer.concat([checksum("k", vector), vector]);
  expect(readEntry("k", entry, 2)).toEqual(Float32Array.of(1, 2));
  expect(readEntry("other", entry, 2)).toBeUndefined();
  expect(readEntry("k", entry.subarray(0, -1), 2)).toBeUndefined();
  expect(readEntry("k", entry, 3)).toBeUndefined();
  for (let position = 0; position < entry.length; position++) {
    const damaged = Buffer.from(entry);
    damaged[position] = (damaged[position] ?? 0) ^ 1;
    expect(readEntry("k", damaged, 2)).toBeUndefined();
  }
});
