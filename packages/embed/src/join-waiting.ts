import type { LimitFunction } from "p-limit";
import { bytesOf } from "./bytes-of.ts";
import type { Allocate, Embedded } from "./provider.ts";

/** Vectors, and the tokens that were paid for them. */
export interface Bought extends Embedded {
  paid: number;
}

/** Asks for the vectors of some texts. */
export type Ask = (texts: readonly string[], allocate?: Allocate) => Promise<Bought>;

export interface JoinedRequests {
  ask: Ask;
  /** Askings that are in no request yet. */
  readonly waiting: number;
}

interface Asked {
  texts: readonly string[];
  allocate: Allocate | undefined;
  resolve(bought: Bought): void;
  reject(reason: unknown): void;
}

/** What a request may have: the limits by which ingest packs a batch, which is never divided here. */
export interface RequestLimits {
  texts: number;
  tokens: number;
}

/**
 * Where more is asked for than there are places for requests, small askings that wait are joined to one request: at 500
 * messages a second a batch has ten, and four requests at once of 100 ms each would be too few.
 */
export function joinWaiting(limit: LimitFunction, limits: RequestLimits, request: Ask): JoinedRequests {
  const waiting: Asked[] = [];
  const requestNext = async (): Promise<void> => {
    const joined = takeJoined(waiting, limits);
    const [first, ...others] = joined;
    // Taken by a request that began before.
    if (!first) return;
    try {
      if (others.length === 0) first.resolve(await request(first.texts, first.allocate));
      else share(await request(joined.flatMap(({ texts }) => texts)), joined);
    } catch (error) {
      for (const { reject } of joined) reject(error);
    }
  };
  return {
    get waiting() {
      return waiting.length;
    },
    ask(texts, allocate) {
      const { promise, resolve, reject } = Promise.withResolvers<Bought>();
      waiting.push({ texts, allocate, resolve, reject });
      void limit(requestNext);
      return promise;
    },
  };
}

/** The first that waits, and those behind it for which there is room; no token is shorter than a byte. */
function takeJoined(waiting: Asked[], limits: RequestLimits): Asked[] {
  let [texts, bytes, count] = [0, 0, 0];
  for (const asked of waiting) {
    texts += asked.texts.length;
    bytes += bytesOf(asked.texts);
    if (count > 0 && (texts > limits.texts || bytes > limits.tokens)) break;
    count++;
  }
  return waiting.splice(0, count);
}

/** Gives each its own rows and its own failures. What was paid is told to the first: it is settled together. */
function share({ model, dimensions, vectors, failed, paid }: Bought, joined: readonly Asked[]): void {
  let [text, row] = [0, 0];
  for (const { texts, resolve } of joined) {
    const end = text + texts.length;
    const start = text;
    const own = failed.filter(({ index }) => index >= start && index < end);
    const rows = texts.length - own.length;
    resolve({
      model,
      dimensions,
      vectors: vectors.subarray(row * dimensions, (row + rows) * dimensions),
      failed: own.map(({ index, fault }) => ({ index: index - start, fault })),
      paid: start === 0 ? paid : 0,
    });
    text = end;
    row += rows;
  }
}
