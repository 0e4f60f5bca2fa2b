import { createHash, randomUUID } from "node:crypto";
import { type Redis, redisScript } from "@millrace/connections";
import type { EventOutcome } from "./event-outcome.ts";

/** A request with an Idempotency-Key. Keys are scoped to the subject and the topic. */
export interface IdempotentRequest {
  subject: string | undefined;
  topic: string;
  key: string;
  body: Uint8Array;
}

/** A locked request: no other can begin it until `end`, or, if disposed of without `end`, until the lock expires. */
export interface HeldRequest extends Disposable {
  /** The results of its events so far. */
  outcomes: readonly EventOutcome[];
  /** Aborted when the lock is lost: nothing may be written after that. */
  lost: AbortSignal;
  /** Stores the results of its events and releases the lock. Rejects without Redis. */
  end(outcomes: readonly EventOutcome[]): Promise<void>;
}

/** `other`: the key was used with a different body. `busy`: the same request is in progress. */
export type Begun = "other" | "busy" | HeldRequest;

/** Stores the results of a request's events, so that a retry doesn't publish them twice. */
export interface Idempotency {
  /** @param signal aborts the start once the caller has stopped waiting */
  begin(request: IdempotentRequest, signal: AbortSignal): Promise<Begun>;
}

interface IdempotencySettings {
  REDIS_KEY_PREFIX: string;
  EVENTS_IDEMPOTENCY_TTL_S: number;
  REQUEST_TIMEOUT_MS: number;
}

/**
 * The lock's lifetime in multiples of REQUEST_TIMEOUT_MS: how long a request stays busy after its process died. A live
 * process renews the lock, as events may wait for Kafka for longer than its lifetime.
 */
const BUSY_TIMEOUTS = 6;
/** Renewals per lifetime of the lock. */
const RENEWALS = 6;

const take = redisScript(`
local body = redis.call('HGET', KEYS[1], 'body')
if body and body ~= ARGV[1] then return 'other' end
if not redis.call('SET', KEYS[2], '1', 'NX', 'PX', ARGV[3]) then return 'busy' end
redis.call('HSET', KEYS[1], 'body', ARGV[1], 'holder', ARGV[2])
redis.call('EXPIRE', KEYS[1], ARGV[4])
return redis.call('HGET', KEYS[1], 'outcomes') or '[]'
`);

/** Returns 0 if another process holds the lock by now. */
const renew = redisScript(`
if redis.call('HGET', KEYS[1], 'holder') ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[2], '1', 'PX', ARGV[2])
return redis.call('EXPIRE', KEYS[1], ARGV[3])
`);

/** Does nothing if another process holds the lock by now. */
const release = redisScript(`
if redis.call('HGET', KEYS[1], 'holder') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'outcomes', ARGV[2])
redis.call('DEL', KEYS[2])
return redis.call('EXPIRE', KEYS[1], ARGV[3])
`);

/** Rejects without Redis: a repeated request could not be recognised. */
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
 * @param renewed rejects while Redis is unavailable: after half of its lifetime the lock counts as lost, so that a pending
 * produce request has the other half to finish
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
