import { createHash, randomUUID } from "node:crypto";
import { type Redis, redisScript } from "@millrace/connections";
import type { EventOutcome } from "./event-outcome.ts";

/** A request that may come again. Its key is its subject's own. */
export interface IdempotentRequest {
  subject: string | undefined;
  topic: string;
  key: string;
  body: Uint8Array;
}

/** A request that nobody else begins until it is ended; or, where it is disposed of before, until its lock has run out. */
export interface HeldRequest extends Disposable {
  /** What came of its events before. */
  outcomes: readonly EventOutcome[];
  /** Aborted when that can't be promised any more: what is not written by then must not be. */
  lost: AbortSignal;
  /** Keeps what came of its events, and lets the next one begin. Rejects without Redis. */
  end(outcomes: readonly EventOutcome[]): Promise<void>;
}

/** `other`: the key was used for another body. `busy`: the same request is under way. */
export type Begun = "other" | "busy" | HeldRequest;

/** Remembers what came of the events of a request, so that those that were published are not published again. */
export interface Idempotency {
  /** @param signal aborted when nobody waits any more: then nothing is begun */
  begin(request: IdempotentRequest, signal: AbortSignal): Promise<Begun>;
}

interface IdempotencySettings {
  REDIS_KEY_PREFIX: string;
  EVENTS_IDEMPOTENCY_TTL_S: number;
  REQUEST_TIMEOUT_MS: number;
}

/**
 * A process that dies while it publishes leaves its request busy for so many times REQUEST_TIMEOUT_MS. While it lives the
 * lock is renewed: events may wait for Kafka for longer than any lock lasts.
 */
const BUSY_TIMEOUTS = 6;
/** In the time that the lock lasts. */
const RENEWALS = 6;

const take = redisScript(`
local body = redis.call('HGET', KEYS[1], 'body')
if body and body ~= ARGV[1] then return 'other' end
if not redis.call('SET', KEYS[2], '1', 'NX', 'PX', ARGV[3]) then return 'busy' end
redis.call('HSET', KEYS[1], 'body', ARGV[1], 'holder', ARGV[2])
redis.call('EXPIRE', KEYS[1], ARGV[4])
return redis.call('HGET', KEYS[1], 'outcomes') or '[]'
`);

/** 0: another has begun it since. */
const renew = redisScript(`
if redis.call('HGET', KEYS[1], 'holder') ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[2], '1', 'PX', ARGV[2])
return redis.call('EXPIRE', KEYS[1], ARGV[3])
`);

/** What another has begun since is its own to end. */
const release = redisScript(`
if redis.call('HGET', KEYS[1], 'holder') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'outcomes', ARGV[2])
redis.call('DEL', KEYS[2])
return redis.call('EXPIRE', KEYS[1], ARGV[3])
`);

/** Rejects without Redis: nobody could tell then whether a request came before. */
export function createIdempotency(redis: Redis, settings: IdempotencySettings): Idempotency {
  const keysOf = ({ subject, topic, key }: IdempotentRequest): string[] => {
    const name = `${settings.REDIS_KEY_PREFIX}:{idempotency:${digest(JSON.stringify([subject ?? null, topic, key]))}}`;
    return [name, `${name}:busy`];
  };
  const ttlS = settings.EVENTS_IDEMPOTENCY_TTL_S;
  const busyMs = BUSY_TIMEOUTS * settings.REQUEST_TIMEOUT_MS;
  return {
    async begin(request, signal) {
      const keys = keysOf(request);
      const holder = randomUUID();
      const taken = await take(redis, keys, [digest(request.body), holder, busyMs, ttlS]);
      if (taken === "other" || taken === "busy") return taken;
      const outcomes = JSON.parse(String(taken)) as EventOutcome[];
      const end = async (ended: readonly EventOutcome[]): Promise<void> => {
        await release(redis, keys, [holder, JSON.stringify(ended), ttlS]);
      };
      if (signal.aborted) {
        await end(outcomes);
        throw signal.reason;
      }
      const renewed = async () => (await renew(redis, keys, [holder, busyMs, ttlS])) === 1;
      return { outcomes, end, ...keepRenewing(renewed, busyMs) };
    },
  };
}

/**
 * @param renewed rejects where that can't be known: after half of the lock's time it counts as lost, so that a try that is on
 * its way to Kafka by then has the other half to end
 */
function keepRenewing(
  renewed: () => Promise<boolean>,
  busyMs: number,
): Pick<HeldRequest, "lost" | typeof Symbol.dispose> {
  const lost = new AbortController();
  let confirmedAtMs = performance.now();
  const check = async (): Promise<void> => {
    const askedAtMs = performance.now();
    const isHeld = await renewed().catch(() => undefined);
    if (isHeld) confirmedAtMs = askedAtMs;
    if (isHeld !== false && performance.now() - confirmedAtMs < busyMs / 2) return;
    clearInterval(timer);
    lost.abort(new Error("could not renew the request's lock"));
  };
  const timer = setInterval(() => void check(), busyMs / RENEWALS).unref();
  return { lost: lost.signal, [Symbol.dispose]: () => clearInterval(timer) };
}

function digest(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("base64url");
}
