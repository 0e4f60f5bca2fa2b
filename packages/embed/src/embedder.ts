import type { Message, PoisonFault } from "@millrace/shared";
import type { EmbedderPool } from "./pool.ts";
import type { Embedded, EmbeddingOutcome } from "./provider.ts";

/** Turns the texts of a batch into vectors. */
export interface Embedder {
  /**
   * @param batch the batch record
   * @param messages its messages that have a text; the outcome's indices are theirs
   */
  embed(batch: Buffer, messages: readonly Message[], signal: AbortSignal): Promise<EmbeddingOutcome>;
}

export interface CacheEntry {
  key: string;
  /** Length: the model's dimensions. */
  vector: Float32Array;
}

/** Vectors of texts that were embedded before, by content. A cache that is away or damaged is an empty one. */
export interface VectorCache {
  readonly model: string;
  readonly dimensions: number;
  /** An injective key of a text under the cache's model and dimensions. */
  keyOf(text: Buffer): string;
  read(keys: readonly string[]): Promise<(Float32Array | undefined)[]>;
  /** Never fails and never waits. */
  write(entries: readonly CacheEntry[]): void;
}

/** One task of the pool for each batch, whose record the worker reads itself. */
export function pooledEmbedder(pool: EmbedderPool): Embedder {
  return { embed: (batch, _messages, signal) => pool.embedBatch(batch, signal) };
}

/** Pays for a text once: not again in a replay, for a repeat within a topic, or for one within the same batch. */
export function cachedEmbedder(pool: EmbedderPool, cache: VectorCache): Embedder {
  return {
    async embed(batch, messages, signal) {
      const keys = messages.map(({ text }) => cache.keyOf(text));
      const distinct = [...new Map(keys.map((key, index) => [key, index]))];
      const known = await cache.read(distinct.map(([key]) => key));
      const vectors = new Map<string, Float32Array>();
      const unknown: { key: string; text: Buffer }[] = [];
      distinct.forEach(([key, index], position) => {
        const vector = known[position];
        const message = messages[index];
        if (vector) vectors.set(key, vector);
        else if (message) unknown.push({ key, text: message.text });
      });
      // Nothing is known: the worker reads the record as it is, and its answer goes on as it is.
      const asItIs = unknown.length === messages.length;
      const outcome = await request(pool, asItIs ? batch : unknown.map(({ text }) => text.toString()), signal);
      if (outcome === undefined) return assemble(cache, keys, vectors, new Map());
      if ("fault" in outcome) return outcome;
      const inOrder = asItIs ? keys : unknown.map(({ key }) => key);
      const failed = new Map(outcome.failed.map(({ index, fault }) => [inOrder[index] ?? "", fault]));
      const entries = rowsOf(
        outcome,
        inOrder.filter((key) => !failed.has(key)),
      );
      cache.write(entries);
      if (asItIs) return outcome;
      for (const { key, vector } of entries) vectors.set(key, vector);
      return assemble(cache, keys, vectors, failed);
    },
  };
}

async function request(
  pool: EmbedderPool,
  input: Buffer | string[],
  signal: AbortSignal,
): Promise<EmbeddingOutcome | undefined> {
  if (Buffer.isBuffer(input)) return pool.embedBatch(input, signal);
  return input.length === 0 ? undefined : pool.embedTexts(input, signal);
}

function rowsOf({ vectors, dimensions }: Embedded, keys: readonly string[]): CacheEntry[] {
  return keys.map((key, row) => ({ key, vector: vectors.subarray(row * dimensions, (row + 1) * dimensions) }));
}

/** Puts the vectors into the order of the messages, from wherever they came. */
function assemble(
  { model, dimensions }: VectorCache,
  keys: readonly string[],
  vectors: ReadonlyMap<string, Float32Array>,
  faults: ReadonlyMap<string, PoisonFault>,
): Embedded {
  const failed = keys.flatMap((key, index) => {
    const fault = faults.get(key);
    return fault ? [{ index, fault }] : [];
  });
  const all = new Float32Array((keys.length - failed.length) * dimensions);
  let position = 0;
  for (const key of keys) {
    const vector = vectors.get(key);
    if (!vector) continue;
    all.set(vector, position);
    position += dimensions;
  }
  return { model, dimensions, vectors: all, failed };
}
