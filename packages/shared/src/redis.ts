import { once } from "node:events";
import { Redis } from "ioredis";
import { describeCause } from "./fault.ts";
import type { RedisSettings } from "./settings.ts";
import type { Patience } from "./settle.ts";

export type { Redis } from "ioredis";

/**
 * A client that reconnects for ever and never queues: while Redis is away every command fails at once, because what
 * Redis holds (progress, presence) is worth no waiting. It does not wait for the first connection either.
 */
export function openRedis(settings: RedisSettings, patience: Patience): Redis {
  patience.health.starting("redis");
  const redis = new Redis({
    host: settings.REDIS_HOST,
    port: settings.REDIS_PORT,
    ...(settings.REDIS_PASSWORD && { password: settings.REDIS_PASSWORD }),
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    connectTimeout: settings.REDIS_TIMEOUT_MS,
    commandTimeout: settings.REDIS_TIMEOUT_MS,
    retryStrategy: (attempt) => Math.min(100 * attempt, 2_000),
  });
  redis.on("ready", () => {
    patience.health.working("redis");
    patience.log.record("process.start", "ok", undefined, { dependency: "redis" });
  });
  redis.on("error", (error) => patience.health.waiting("redis", describeCause(error)));
  redis.on("close", () =>
    patience.health.waiting("redis", `no connection to ${settings.REDIS_HOST}:${settings.REDIS_PORT}`),
  );
  return redis;
}

/** Gives Redis a moment to answer, so that what comes first is tracked too; goes on without it. */
export async function firstConnection(redis: Redis, settings: RedisSettings): Promise<void> {
  if (redis.status === "ready") return;
  await once(redis, "ready", { signal: AbortSignal.timeout(settings.REDIS_TIMEOUT_MS) }).catch(() => undefined);
}
