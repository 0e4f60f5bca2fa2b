import { randomUUID } from "node:crypto";
import { once } from "node:events";
import type { AwsCredentialsProvider, RedisSettings } from "@millrace/connections";
import { openRedis, type Redis, tlsOptions } from "@millrace/connections";
import { describeCause, quietly } from "@millrace/shared";
import type { Examination, StepCheck } from "./examination.ts";
import { cacheNeeds } from "./needs.ts";
import { networkChecks } from "./network.ts";
import type { CheckFailure } from "./report.ts";

/** A key that an interrupted check leaves behind expires. */
const KEY_TTL_S = 60;

export function examineRedis(settings: RedisSettings, credentials?: AwsCredentialsProvider): Examination {
  const { REDIS_HOST: host, REDIS_PORT: port, REDIS_KEY_PREFIX: prefix } = settings;
  const ca = { variable: "REDIS_TLS_CA_PATH", path: settings.REDIS_TLS_CA_PATH };
  const usesTls = settings.REDIS_USE_IAM_AUTH || settings.REDIS_TLS;
  const user = settings.REDIS_USERNAME ?? "default";
  const key = `${prefix}:doctor:${randomUUID()}`;
  let redis: Redis | undefined;
  const connected = (): Redis => {
    if (!redis) throw new Error("not connected");
    return redis;
  };

  const authentication: StepCheck = {
    step: "authentication",
    tried: `connect to ${host}:${port} as ${user}`,
    async run(signal) {
      redis = openRedis(settings, quietly(), credentials);
      // Rejects with the client's first error.
      await once(redis, "ready", { signal });
      return "accepted";
    },
  };
  const probe: StepCheck = {
    step: "probe",
    tried: `as ${user}, SET and GET ${prefix}:doctor:…`,
    async run() {
      const value = randomUUID();
      await connected().set(key, value, "EX", KEY_TTL_S);
      const read = await connected().get(key);
      return read === value
        ? "written and read"
        : { code: "failed", said: "read a different value from the one written" };
    },
  };
  const cleanup: StepCheck = {
    step: "cleanup",
    tried: `as ${user}, DEL ${prefix}:doctor:…`,
    async run() {
      return `${await connected().del(key)} key deleted`;
    },
  };
  return {
    dependency: "redis",
    names: {
      address: "REDIS_HOST",
      ca: ca.variable,
      tls: "REDIS_TLS",
      port: String(port),
      ports: "Redis and ElastiCache listen on 6379",
      user,
      prefix,
    },
    checks: [
      ...networkChecks({ addresses: [{ host, port }], ...(usesTls && { tls: tlsOptions({ ca }) }) }),
      ...[authentication, probe, cleanup],
    ],
    explain: (error) => explain(error, settings),
    close: async () => redis?.disconnect(),
  };
}

function explain(error: unknown, settings: RedisSettings): CheckFailure | undefined {
  const said = describeCause(error);
  const iam = settings.REDIS_USE_IAM_AUTH;
  if (/^WRONGPASS|^ERR AUTH/.test(said)) {
    return iam ? { code: "redis_iam_refused", said, missing: cacheNeeds } : { code: "redis_password_refused", said };
  }
  if (said.startsWith("NOAUTH")) return { code: "redis_password_wanted", said };
  if (said.startsWith("NOPERM")) return { code: "redis_denied", said };
  if (iam && (error as Error).name === "CredentialsProviderError") return { code: "aws_no_credentials", said };
  return undefined;
}
