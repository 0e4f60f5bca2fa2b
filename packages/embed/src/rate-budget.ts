import { delay, describeCause, type Log } from "@millrace/shared";
import { type Allowances, type Amounts, kinds, type Taken } from "./account.ts";
import { createPacer } from "./pacer.ts";
import type { RateBucket, Ticket } from "./redis/rate-bucket.ts";

/** A request's turn. It must be settled, whatever the request's outcome. */
export interface Turn {
  settle(taken: Taken): void;
}

/** Shares one account's rate limits among all processes that use it. */
export interface RateBudget {
  /** Waits for a request's turn; if the signal is aborted, rejects and reserves nothing. */
  take(need: Amounts, signal: AbortSignal): Promise<Turn>;
  /** For interactive requests: counts the request without waiting. */
  takeAtOnce(need: Amounts): Promise<Turn>;
  /** The remaining limits, extrapolated from the server's last response. */
  readonly left: Allowances;
}

/** Longest sleep before a turn is checked again, since a pause or a correction may have moved it. */
const SLEEP_MAX_MS = 1_000;
const NOTHING: Taken = { taken: { requests: 0, tokens: 0 }, allowances: {}, retryAfterMs: 0 };

/**
 * Uses the limits that the server states in its responses; until it states some, nothing waits. While Redis is unavailable
 * this process continues within its share of the limits.
 *
 * @param heard limits that the server has already stated
 * @param localShare of the limits, above 0 and up to 1
 */
export function createRateBudget(bucket: RateBucket, log: Log, heard: Allowances, localShare: number): RateBudget {
  const known = createMemory(heard);
  const pacer = createPacer(localShare);
  let away = false;

  const reach = async <Value>(operation: () => Promise<Value>): Promise<Value | undefined> => {
    try {
      const value = await operation();
      if (away) log.record("embed.rate", "ok", undefined, { budget: "shared" });
      away = false;
      return value;
    } catch (error) {
      const cause = describeCause(error);
      if (!away) log.record("embed.rate", "retry", undefined, { budget: "local", localShare, cause });
      away = true;
      return undefined;
    }
  };
  const reserve = (need: Amounts) => reach(() => bucket.reserve(need, known.now(), away));

  const turnOf = (ticket: Ticket | undefined, takenAtMs: number): Turn => {
    const waitedMs = performance.now() - takenAtMs;
    return {
      settle(taken) {
        known.hear(taken.allowances);
        pacer.pause(taken.retryAfterMs);
        if (ticket) void reach(() => bucket.settle(ticket, { ...taken, waitedMs }));
      },
    };
  };

  return {
    get left() {
      return known.now();
    },
    async take(need, signal) {
      signal.throwIfAborted();
      const takenAtMs = performance.now();
      const ticket = await reserve(need);
      let waitMs = ticket?.waitMs ?? pacer.waitMs(need, known.now());
      try {
        while (waitMs > 0) {
          const sleepMs = Math.min(Math.ceil(waitMs), SLEEP_MAX_MS);
          await delay(sleepMs, signal);
          waitMs = (ticket && (await reach(() => bucket.waitMs(ticket)))) ?? waitMs - sleepMs;
        }
      } catch (error) {
        turnOf(ticket, takenAtMs).settle(NOTHING);
        throw error;
      }
      return turnOf(ticket, takenAtMs);
    },
    async takeAtOnce(need) {
      const takenAtMs = performance.now();
      return turnOf(await reserve(need), takenAtMs);
    },
  };
}

/** Extrapolates the remaining limits from the server's last response. */
function createMemory(heard: Allowances) {
  let allowances = heard;
  let heardAtMs = performance.now();
  return {
    hear(next: Allowances): void {
      if (kinds.every((kind) => next[kind] === undefined)) return;
      allowances = { ...allowances, ...next };
      heardAtMs = performance.now();
    },
    now(): Allowances {
      const minutes = (performance.now() - heardAtMs) / 60_000;
      const grown: Allowances = {};
      for (const kind of kinds) {
        const heardOf = allowances[kind];
        if (!heardOf) continue;
        const { limit, remaining } = heardOf;
        grown[kind] = { limit, remaining: Math.min(limit, remaining + limit * minutes) };
      }
      return grown;
    },
  };
}
