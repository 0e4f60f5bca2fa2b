import { once } from "node:events";
import { BackgroundWork, describeCause, type Patience, requireSetting } from "@millrace/shared";
import { Cluster, Redis as SingleRedis } from "ioredis";
import { type AwsCredentialsProvider, awsCredentials } from "../aws/credentials.ts";
import { tlsOptions } from "../tls.ts";
import { elastiCachePassword } from "./elasticache-token.ts";
import type { RedisSettings } from "./settings.ts";
import type { TokenOptions } from "./token-client.ts";
import { TokenCluster } from "./token-cluster.ts";
import { TokenRedis } from "./token-redis.ts";

/** A client of a single Redis or of a cluster. The commands are the same, but in a cluster all keys of a command must be in one slot. */
export type Redis = SingleRedis | Cluster;

/**
 * A client that reconnects for ever and never queues: while Redis is away every command fails at once, because the data in
 * Redis (progress, presence) is not worth waiting for. It does not wait for the first connection either.
 *
 * @param credentials sign the tokens under IAM; absent: the default provider chain
 */
export function openRedis(settings: RedisSettings, patience: Patience, credentials?: AwsCredentialsProvider): Redis {
  patience.health.starting("redis");
  const redis = newClient(settings, patience, credentials);
  redis.on("ready", () => {
    patience.health.working("redis");
    patience.log.record("process.start", "ok", undefined, { dependency: "redis" });
  });
  redis.on("error", (error) => patience.health.waiting("redis", describeCause(error)));
  redis.on("close", () =>
    patience.health.waiting("redis", `no connection to ${settings.REDIS_HOST}:${settings.REDIS_PORT}`),
  );
  // These two connect when asked, since their listeners must come first; the other clients connect by themselves.
  if (redis instanceof TokenRedis || redis instanceof TokenCluster) void redis.connect().catch(() => undefined);
  return redis;
}

function newClient(settings: RedisSettings, patience: Patience, credentials?: AwsCredentialsProvider): Redis {
  const iam = settings.REDIS_USE_IAM_AUTH;
  const ca = { variable: "REDIS_TLS_CA_PATH", path: settings.REDIS_TLS_CA_PATH };
  const node = { host: settings.REDIS_HOST, port: settings.REDIS_PORT };
  const connection = {
    ...(settings.REDIS_USERNAME && { username: settings.REDIS_USERNAME }),
    ...(!iam && settings.REDIS_PASSWORD && { password: settings.REDIS_PASSWORD }),
    // The token is sent in the clear, as the password: without TLS and a checked certificate, others could read it.
    ...((iam || settings.REDIS_TLS) && { tls: tlsOptions({ ca }) }),
    maxRetriesPerRequest: 0,
    connectTimeout: settings.REDIS_TIMEOUT_MS,
    commandTimeout: settings.REDIS_TIMEOUT_MS,
  };
  const retryStrategy = (attempt: number): number => Math.min(100 * attempt, 2_000);
  const single = { ...node, ...connection, enableOfflineQueue: false, retryStrategy };
  const cluster = {
    redisOptions: connection,
    enableOfflineQueue: false,
    clusterRetryStrategy: retryStrategy,
    slotsRefreshTimeout: settings.REDIS_TIMEOUT_MS,
    // Keeps the name instead of its address: certificates are made for names.
    dnsLookup: (host: string, found: (error: null, address: string) => void) => found(null, host),
  };
  if (!iam) return settings.REDIS_CLUSTER ? new Cluster([node], cluster) : new SingleRedis(single);
  const tokens = tokenOptions(settings, patience, credentials);
  return settings.REDIS_CLUSTER ? new TokenCluster([node], cluster, tokens) : new TokenRedis(single, tokens);
}

function tokenOptions(settings: RedisSettings, patience: Patience, credentials?: AwsCredentialsProvider): TokenOptions {
  const user = {
    cacheName: requireSetting(settings, "REDIS_IAM_CACHE_NAME"),
    user: requireSetting(settings, "REDIS_USERNAME"),
    serverless: settings.REDIS_IAM_SERVERLESS,
  };
  const provider = credentials ?? awsCredentials(settings.AWS_ROLE_SESSION_NAME);
  const password = elastiCachePassword(user, requireSetting(settings, "AWS_REGION"), provider);
  const signing = new BackgroundWork("redis.token", patience);
  return {
    password: () => signing.run(password),
    reauthenticationMs: settings.REDIS_IAM_REAUTHENTICATION_S * 1_000,
    reauthentication: new BackgroundWork("redis.reauthenticate", patience),
  };
}

/** Waits a moment for Redis, so that the first records are tracked too; goes on without it. */
export async function firstConnection(redis: Redis, settings: RedisSettings): Promise<void> {
  if (redis.status === "ready") return;
  await once(redis, "ready", { signal: AbortSignal.timeout(settings.REDIS_TIMEOUT_MS) }).catch(() => undefined);
}
