import { groupByNode, type Redis } from "@millrace/connections";
import { type Decoded, type DecodeRules, decode, tokensCharged, tokensOf } from "@millrace/ingest";
import type { ReadRecord } from "@millrace/kafka";
import { isTombstone, type ValueDecoder, vectorKeys } from "@millrace/shared";
import { TextSet } from "./text-set.ts";

/** A number of texts and of their tokens. */
export interface Amount {
  texts: number;
  tokens: number;
}

export interface Estimate {
  messages: number;
  /** Messages that ingest would dead-letter, or that delete a document: they cost nothing. */
  withoutText: number;
  all: Amount;
  /** Each text counted once, as far as texts were remembered. */
  distinct: Amount;
  /** The distinct texts whose vectors are in the embedding cache; `undefined` if unknown. */
  cached: Amount | undefined;
  /** What the rate limits may count for the distinct uncached texts: 0.25 token per byte if that is more. */
  chargedTokens: number;
  /** There were more texts than the estimate remembers: some repetitions were not detected. */
  isPartial: boolean;
}

export interface EstimateOptions {
  rules: DecodeRules;
  /** Decodes values that name their schema; absent without a schema registry. */
  values: ValueDecoder | undefined;
  cache: { redis: Redis; keyPrefix: string; model: string };
  /** Dimensions of the model's vectors; without them the cache can't be asked. */
  dimensions: number | undefined;
}

interface Pending {
  key: string;
  tokens: number;
  charged: number;
}

/** Number of texts looked up in the cache at once. */
const LOOKUP = 1_000;

/** Adds up records in bounded memory, the way ingest reads and embed pays for them. */
export function createEstimator({ rules, values, cache, dimensions }: EstimateOptions) {
  const keyOf = vectorKeys({ ...cache, dimensions: dimensions ?? 0 });
  const seen = new TextSet();
  const estimate: Estimate = {
    messages: 0,
    withoutText: 0,
    all: { texts: 0, tokens: 0 },
    distinct: { texts: 0, tokens: 0 },
    cached: dimensions === undefined ? undefined : { texts: 0, tokens: 0 },
    chargedTokens: 0,
    isPartial: false,
  };
  let pending: Pending[] = [];

  const lookUp = async (): Promise<void> => {
    const texts = pending;
    pending = [];
    const known = estimate.cached && (await areCached(cache.redis, texts));
    if (!known) estimate.cached = undefined;
    for (const [index, { tokens, charged }] of texts.entries()) {
      if (known?.[index] && estimate.cached) addTo(estimate.cached, tokens);
      else estimate.chargedTokens += charged;
    }
  };

  const count = (decoded: Decoded): undefined | Promise<void> => {
    if ("fault" in decoded || isTombstone(decoded.message)) {
      estimate.withoutText++;
      return;
    }
    const text = decoded.message.text.toString();
    const tokens = tokensOf(text);
    addTo(estimate.all, tokens);
    const key = keyOf(decoded.message.text);
    if (!seen.add(key)) return;
    addTo(estimate.distinct, tokens);
    pending.push({ key, tokens, charged: tokensCharged(text) });
    return pending.length >= LOOKUP ? lookUp() : undefined;
  };

  return {
    /** Returns a promise if something must be requested first. */
    add(record: ReadRecord): undefined | Promise<void> {
      estimate.messages++;
      const decoded = decode(record, rules, values);
      return decoded instanceof Promise ? decoded.then(count) : count(decoded);
    },
    async end(): Promise<Estimate> {
      if (pending.length > 0) await lookUp();
      return { ...estimate, isPartial: seen.isFull };
    },
  };
}

/** One command per key and one pipeline per node, since the keys of a Redis Cluster are on different nodes. */
async function areCached(redis: Redis, texts: readonly Pending[]): Promise<boolean[] | undefined> {
  const cached = new Set<string>();
  const asking = groupByNode(redis, texts, ({ key }) => key).map(async (group) => {
    const pipeline = redis.pipeline();
    for (const { key } of group) pipeline.exists(key);
    for (const [index, [error, found]] of ((await pipeline.exec()) ?? []).entries()) {
      if (error) throw error;
      if (found === 1) cached.add(group[index]?.key ?? "");
    }
  });
  const isAnswered = await Promise.all(asking).then(
    () => true,
    () => false,
  );
  return isAnswered ? texts.map(({ key }) => cached.has(key)) : undefined;
}

function addTo(amount: Amount, tokens: number): void {
  amount.texts++;
  amount.tokens += tokens;
}
