import { createHash } from "node:crypto";
import { type Redis, redisScript } from "@millrace/shared";
import type { EventOutcome } from "./publish.ts";

/** A request that may come again. Its key is its subject's own. */
export interface IdempotentRequest {
  subject: string | undefined;
  topic: string;
  key: string;
  body: Uint8Array;
}

/** `other`: the key was used for another body. `busy`: the same request is under way. */
export type Begun = "other" | "busy" | { outcomes: EventOutcome[] };

/** Remembers what came of the events of a request, so that those that were published are not published again. */
export interface Idempotency {
  begin(request: IdempotentRequest): Promise<Begun>;
  end(request: IdempotentRequest, outcomes: readonly EventOutcome[]): Promise<void>;
}

interface IdempotencySettings {
  REDIS_KEY_PREFIX: string;
  EVENTS_IDEMPOTENCY_TTL_S: number;
  REQUEST_TIMEOUT_MS: number;
}

/** A process that dies while it publishes leaves its request busy for so many times REQUEST_TIMEOUT_MS. */
const BUSY_TIMEOUTS = 6;

const take = redisScript(`
local body = redis.call('HGET', KEYS[1], 'body')
if body and body ~= ARGV[1] then return 'other' end
if not redis.call('SET', KEYS[2], '1', 'NX', 'PX', ARGV[2]) then return 'busy' end
redis.call('HSET', KEYS[1], 'body', ARGV[1])
redis.call('EXPIRE', KEYS[1], ARGV[3])
return redis.call('HGET', KEYS[1], 'outcomes') or '[]'
`);

const release = redisScript(`
redis.call('HSET', KEYS[1], 'outcomes', ARGV[1])
redis.call('DEL', KEYS[2])
return redis.call('EXPIRE', KEYS[1], ARGV[2])
`);

/** Rejects without Redis: nobody could tell then whether a request came before. */
export function createIdempotency(redis: Redis, settings: IdempotencySettings): Idempotency {
  const keysOf = ({ subject, topic, key }: IdempotentRequest): string[] => {
    const name = `${settings.REDIS_KEY_PREFIX}:{idempotency:${digest(JSON.stringify([subject ?? null, topic, key]))}}`;
    return [name, `${name}:busy`];
  };
  const ttlS = settings.EVENTS_IDEMPOTENCY_TTL_S;
  return {
    async begin(request) {
      const busyMs = BUSY_TIMEOUTS * settings.REQUEST_TIMEOUT_MS;
      const taken = await take(redis, keysOf(request), [digest(request.body), busyMs, ttlS]);
      if (taken === "other" || taken === "busy") return taken;
      return { outcomes: JSON.parse(String(taken)) as EventOutcome[] };
    },
    async end(request, outcomes) {
      await release(redis, keysOf(request), [JSON.stringify(outcomes), ttlS]);
    },
  };
}

function digest(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("base64url");
}
