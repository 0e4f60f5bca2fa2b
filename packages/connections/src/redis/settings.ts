import { described, variable } from "@millrace/shared";
import { z } from "zod";
import { awsSettings, iamFlag } from "../aws/settings.ts";
import { pemPath } from "../tls.ts";

export const redisSettings = {
  REDIS_HOST: described(z.string(), "Host of Redis."),
  REDIS_PORT: described(variable.integer(1, 65_535).default(6379), "Port of Redis."),
  REDIS_PASSWORD: z.string().optional().meta({ description: "Password.", secret: true }),
  REDIS_KEY_PREFIX: described(z.string().max(100).default("millrace"), "First part of every key."),
  REDIS_TIMEOUT_MS: described(variable.integer(10, 60_000).default(1_000), "Time for Redis to answer a command."),
  TRACKING_TTL_S: described(
    variable.integer(60, 31_536_000).default(86_400),
    "How long the progress of a message can be asked for.",
  ),
  REDIS_USERNAME: described(z.string().optional(), "User; with IAM, the ElastiCache user's id."),
  REDIS_USE_IAM_AUTH: iamFlag("ElastiCache", ", over TLS"),
  REDIS_IAM_CACHE_NAME: described(
    z.string().optional(),
    "With IAM: the ElastiCache replication group or serverless cache that the token is signed for.",
  ),
  REDIS_IAM_SERVERLESS: described(variable.flag().default(false), "With IAM: the cache is a serverless one."),
  REDIS_IAM_REAUTHENTICATION_S: described(
    variable.integer(1, 43_000).default(39_600),
    "With IAM: time between two authentications of a living connection; ElastiCache closes it after 12 hours without one.",
  ),
  REDIS_CLUSTER: described(
    variable.flag().default(false),
    "Redis runs in cluster mode; REDIS_HOST is its configuration endpoint, or any of its nodes.",
  ),
  REDIS_TLS: described(variable.flag().default(false), "Connect over TLS; IAM always does."),
  REDIS_TLS_CA_PATH: pemPath(
    "PEM file of the authorities that the server's certificate is checked against; absent: the public ones.",
  ),
  ...awsSettings,
};
export type RedisSettings = z.output<z.ZodObject<typeof redisSettings>>;
