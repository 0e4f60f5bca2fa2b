import type { Message, PoisonFault } from "@millrace/shared";
import type { Admission } from "./admission.ts";
import type { Allocate, Embedded } from "./provider.ts";

/** Turns the texts of messages, of which none is a tombstone, into vectors. */
export interface Embedder {
  /** @param allocate gives memory that the vectors may come in */
  embed(messages: readonly Message[], allocate: Allocate): Promise<Embedded>;
  /** Texts that were looked up in the cache since the process began, and reads of it that failed. */
  readonly lookups: { hits: number; misses: number; failures: number };
}

/** Vectors of texts that were embedded before, by content. A cache that is away or damaged is an empty one. */
export interface VectorCache {
  readonly model: string;
  readonly dimensions: number;
  /** An injective key of a text under the cache's model and dimensions. */
  keyOf(text: Buffer): string;
  read(keys: readonly string[]): Promise<(Float32Array | undefined)[]>;
  /** Reads that failed since the process began. */
  readonly failures: number;
  /**
   * Never rejects, and need not be awaited: resolves when the vectors are read no more, or false where that is not known.
   *
   * @param vectors n × dimensions, row-major, in the order of the n keys
   */
  write(keys: readonly string[], vectors: Float32Array): Promise<boolean>;
}

/** Asks for every text. */
export function plainEmbedder(admission: Pick<Admission, "embed">): Embedder {
  const textOf = ({ text }: Message): string => text.toString();
  return {
    lookups: { hits: 0, misses: 0, failures: 0 },
    embed: (messages, allocate) => admission.embed(messages.map(textOf), allocate),
  };
}

/** Pays for a text once: not again in a replay, for a repeat within a topic, or for one within the same batch. */
export function cachedEmbedder(admission: Pick<Admission, "embed">, cache: VectorCache): Embedder {
  const lookups = { hits: 0, misses: 0 };
  return {
    get lookups() {
      return { ...lookups, failures: cache.failures };
    },
    async embed(messages, allocate) {
      const keys = messages.map(({ text }) => cache.keyOf(text));
      const texts = new Map(messages.map(({ text }, index) => [keys[index] ?? "", text]));
      const vectors = await readKnown(cache, [...texts.keys()]);
      const unknown = [...texts].filter(([key]) => !vectors.has(key));
      lookups.hits += vectors.size;
      lookups.misses += unknown.length;
      if (unknown.length === 0) return assemble(cache, keys, vectors, new Map(), allocate);
      const isAll = unknown.length === messages.length;
      const outcome = await admission.embed(
        unknown.map(([, text]) => text.toString()),
        isAll ? allocate : undefined,
      );
      const failed = new Map(outcome.failed.map(({ index, fault }) => [unknown[index]?.[0] ?? "", fault]));
      const bought = unknown.map(([key]) => key).filter((key) => !failed.has(key));
      const released = cache.write(bought, outcome.vectors);
      // Every text was bought, once: the answer is in order already.
      if (bought.length === messages.length) return { ...outcome, released };
      bought.forEach((key, row) => {
        vectors.set(key, outcome.vectors.subarray(row * cache.dimensions, (row + 1) * cache.dimensions));
      });
      return assemble(cache, keys, vectors, failed, allocate);
    },
  };
}

async function readKnown(cache: VectorCache, keys: readonly string[]): Promise<Map<string, Float32Array>> {
  const known = await cache.read(keys);
  return new Map(keys.flatMap((key, index) => (known[index] ? [[key, known[index]] as const] : [])));
}

/** Puts the vectors into the order of the messages, from wherever they came. */
function assemble(
  { model, dimensions }: VectorCache,
  keys: readonly string[],
  vectors: ReadonlyMap<string, Float32Array>,
  faults: ReadonlyMap<string, PoisonFault>,
  allocate: Allocate,
): Embedded {
  const failed = keys.flatMap((key, index) => {
    const fault = faults.get(key);
    return fault ? [{ index, fault }] : [];
  });
  const all = allocate((keys.length - failed.length) * dimensions);
  let position = 0;
  for (const key of keys) {
    const vector = vectors.get(key);
    if (!vector) continue;
    all.set(vector, position);
    position += dimensions;
  }
  return { model, dimensions, vectors: all, failed };
}
