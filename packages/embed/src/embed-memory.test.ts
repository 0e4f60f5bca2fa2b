import { encodeBatch, type Message, poison, SpareMemory } from "@millrace/shared";
import { expect, test } from "vitest";
import { embed } from "./embed.ts";
import type { Embedder } from "./embedder.ts";

const messages = [0, 1].map((offset): Message => {
  const text = Buffer.from(`text ${offset}`);
  return { topic: "t", partition: 0, offset, timestampMs: 0, key: null, value: text, headers: [], text };
});
const batch = { record: encodeBatch(messages), messages, bytes: 100 };

/** Embeds twice and says whether the second batch's vectors lie in the memory of the first one's. */
async function isReused({ reusable = true, released = Promise.resolve(true), fails = false } = {}): Promise<boolean> {
  const spare = new SpareMemory();
  const memories: ArrayBuffer[] = [];
  const embedder: Embedder = {
    lookups: { hits: 0, misses: 0, failures: 0 },
    async embed(texts, allocate) {
      const failed = fails ? [{ index: 0, fault: poison("rejected", "no") }] : [];
      const vectors = allocate(2 * (texts.length - failed.length));
      memories.push(vectors.buffer);
      return { model: "m", dimensions: 2, vectors, failed, released };
    },
  };
  const producer = {
    send: async () => ({ refused: [], reusable }),
    trySend: async () => ({ value: [] }),
    [Symbol.asyncDispose]: async () => undefined,
  };
  const edges = { embedder, producer, topic: "vectors", recordMaxBytes: 1_000_000, spare };
  await embed(batch, edges);
  await new Promise(setImmediate);
  await embed(batch, edges);
  return memories[0] === memories[1];
}

test("the memory of a batch is used again when the producer and the cache have read it", async () => {
  expect(await isReused()).toBe(true);
});

test("memory that a socket may still hold is not used again", async () => {
  expect(await isReused({ reusable: false })).toBe(false);
});

test("memory that the cache may still read is not used again", async () => {
  expect(await isReused({ released: Promise.resolve(false) })).toBe(false);
  expect(await isReused({ released: new Promise(() => undefined) })).toBe(false);
});

test("a batch that was copied without its failed texts frees the memory that its vectors were made in", async () => {
  expect(await isReused({ fails: true, reusable: false })).toBe(true);
});
