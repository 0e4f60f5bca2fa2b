import { delay, describeCause, type Log } from "@millrace/shared";
import { type Allowances, type Amounts, kinds } from "./account.ts";
import { createPacer } from "./pacer.ts";
import type { RateBucket, Ticket } from "./redis/rate-bucket.ts";

/** What became of a request, for the limits. */
export interface Taken {
  taken: Amounts;
  /** What the answer's headers say. */
  allowances: Allowances;
  /** How long the server asked to be left alone. */
  retryAfterMs: number;
}

/** A request's turn has come. It must be settled, whatever becomes of the request. */
export interface Turn {
  settle(taken: Taken): void;
}

/** Shares the limits of one account between all who use it. */
export interface RateBudget {
  /** Waits for the turn of a request; rejects when the signal is aborted, and takes nothing then. */
  take(need: Amounts, signal: AbortSignal): Promise<Turn>;
  /** For what somebody waits for: counts the request and lets it go at once. */
  takeAtOnce(need: Amounts): Promise<Turn>;
  /** What the server last said is left, and what that comes to by now. */
  readonly left: Allowances;
}

/** Longest sleep before a turn is looked at again, since a pause or a correction may have moved it. */
const SLEEP_MAX_MS = 1_000;
const NOTHING: Taken = { taken: { requests: 0, tokens: 0 }, allowances: {}, retryAfterMs: 0 };

/**
 * The limits are those that the server states in its answers; until it does, and where it never does, nothing waits.
 * While Redis is away this process keeps to its share of them, and goes on.
 *
 * @param heard what the server has said already
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

/** What the server last said, and what that comes to by now. */
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
