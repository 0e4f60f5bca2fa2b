import type { LimitFunction } from "p-limit";
import { bytesOf } from "./bytes-of.ts";
import type { Allocate, Embedded } from "./provider.ts";

/** Vectors, and the tokens paid for them. */
export interface Bought extends Embedded {
  paid: number;
}

/** Requests the vectors of texts. */
export type Ask = (texts: readonly string[], allocate?: Allocate) => Promise<Bought>;

export interface JoinedRequests {
  ask: Ask;
  /** Calls not yet part of a request. */
  readonly waiting: number;
}

interface Asked {
  texts: readonly string[];
  allocate: Allocate | undefined;
  resolve(bought: Bought): void;
  reject(reason: unknown): void;
}

/** Limits of a request: those by which ingest packs a batch, which is never split here. */
export interface RequestLimits {
  texts: number;
  tokens: number;
}

/**
 * Joins small waiting calls into one request while all request slots are in use: at 500 messages a second a batch has
 * ten, so four concurrent requests of 100 ms each would not keep up.
 */
export function joinWaiting(limit: LimitFunction, limits: RequestLimits, request: Ask): JoinedRequests {
  const waiting: Asked[] = [];
  const requestNext = async (): Promise<void> => {
    const joined = takeJoined(waiting, limits);
    const [first, ...others] = joined;
    // Already part of an earlier request.
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

/** Takes the first waiting call and those behind it that fit; bytes bound tokens, since no token is shorter than a byte. */
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

/** Gives each caller its own rows and failures. The first gets the payment, which is settled as one. */
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
