import { once } from "node:events";
import { Redis } from "ioredis";
import { type AwsCredentialsProvider, awsCredentials } from "./aws/credentials.ts";
import { elastiCachePassword } from "./aws/elasticache.ts";
import { TokenRedis } from "./aws/token-redis.ts";
import { requireSetting } from "./config.ts";
import { describeCause } from "./fault.ts";
import type { RedisSettings } from "./settings.ts";
import type { Patience } from "./settle.ts";
import { tlsOptions } from "./tls.ts";

export type { Redis } from "ioredis";

/**
 * A client that reconnects for ever and never queues: while Redis is away every command fails at once, because what
 * Redis holds (progress, presence) is worth no waiting. It does not wait for the first connection either.
 *
 * @param credentials what tokens are signed with under IAM; absent: the default provider chain
 */
export function openRedis(settings: RedisSettings, patience: Patience, credentials?: AwsCredentialsProvider): Redis {
  patience.health.starting("redis");
  const redis = newClient(settings, credentials);
  redis.on("ready", () => {
    patience.health.working("redis");
    patience.log.record("process.start", "ok", undefined, { dependency: "redis" });
  });
  redis.on("error", (error) => patience.health.waiting("redis", describeCause(error)));
  redis.on("close", () =>
    patience.health.waiting("redis", `no connection to ${settings.REDIS_HOST}:${settings.REDIS_PORT}`),
  );
  // The others connect by themselves; this one only when whoever listens is there.
  if (redis instanceof TokenRedis) void redis.connect().catch(() => undefined);
  return redis;
}

function newClient(settings: RedisSettings, credentials?: AwsCredentialsProvider): Redis {
  const iam = settings.REDIS_USE_IAM_AUTH;
  const ca = { variable: "REDIS_TLS_CA_PATH", path: settings.REDIS_TLS_CA_PATH };
  const options = {
    host: settings.REDIS_HOST,
    port: settings.REDIS_PORT,
    ...(settings.REDIS_USERNAME && { username: settings.REDIS_USERNAME }),
    ...(!iam && settings.REDIS_PASSWORD && { password: settings.REDIS_PASSWORD }),
    // The token is the password in the clear: without TLS, with a checked certificate, it would be given away.
    ...((iam || settings.REDIS_TLS) && { tls: tlsOptions({ ca }) }),
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    connectTimeout: settings.REDIS_TIMEOUT_MS,
    commandTimeout: settings.REDIS_TIMEOUT_MS,
    retryStrategy: (attempt: number) => Math.min(100 * attempt, 2_000),
  };
  if (!iam) return new Redis(options);
  const user = {
    cacheName: requireSetting(settings, "REDIS_IAM_CACHE_NAME"),
    user: requireSetting(settings, "REDIS_USERNAME"),
    serverless: settings.REDIS_IAM_SERVERLESS,
  };
  const provider = credentials ?? awsCredentials(settings.AWS_ROLE_SESSION_NAME);
  const password = elastiCachePassword(user, requireSetting(settings, "AWS_REGION"), provider);
  return new TokenRedis(options, password, settings.REDIS_IAM_REAUTHENTICATION_S * 1_000);
}

/** Gives Redis a moment to answer, so that what comes first is tracked too; goes on without it. */
export async function firstConnection(redis: Redis, settings: RedisSettings): Promise<void> {
  if (redis.status === "ready") return;
  await once(redis, "ready", { signal: AbortSignal.timeout(settings.REDIS_TIMEOUT_MS) }).catch(() => undefined);
}
