import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { readConfiguration } from "@millrace/shared";
import {
  endingKeys,
  endKeys,
  eventually,
  type KnownKey,
  openCertificates,
  refusePresigned,
  startRedisAuthenticator,
  testPatience,
  uniqueName,
} from "@millrace/testbed";
import { afterAll, beforeEach, expect, test } from "vitest";
import { z } from "zod";
import type { AwsCredentials } from "../src/aws/credentials.ts";
import { elastiCachePassword } from "../src/redis/elasticache-token.ts";
import { openRedis } from "../src/redis/redis.ts";
import { redisSettings } from "../src/redis/settings.ts";
import { config } from "./support.ts";

const REGION = "eu-west-1";
/** Five times the interval of reauthentication, so that a stall of the machine ends no session. */
const SESSION_MAX_MS = 5_000;
const key = { accessKeyId: "AKIAEXAMPLE", secretAccessKey: "an-example/of+a-secret" };
const session = { accessKeyId: "ASIAEXAMPLE", secretAccessKey: "another/example", sessionToken: "a/session+token==" };
let keys: KnownKey[];
let resourceType = "";

const certificates = await openCertificates();
const target = { host: config.REDIS_HOST, port: config.REDIS_PORT };
const server = await startRedisAuthenticator(certificates.server, target, SESSION_MAX_MS, (user, password) =>
  password.startsWith("progress/")
    ? refusePresigned(
        password,
        { region: REGION, service: "elasticache", keys },
        { Action: "connect", User: user, ResourceType: resourceType },
      )
    : "signed for another cache",
);
afterAll(() => server[Symbol.asyncDispose]());
beforeEach(() => {
  keys = [key, session];
  resourceType = "";
  server.refusals.length = 0;
  server.passwords.length = 0;
});

const settingsSchema = z.object(redisSettings);

function client(
  credentials: AwsCredentials | (() => Promise<AwsCredentials>),
  environment: Record<string, string> = {},
) {
  const settings = readConfiguration(settingsSchema, {
    REDIS_HOST: "127.0.0.1",
    REDIS_PORT: String(server.port),
    REDIS_USERNAME: "pipeline",
    REDIS_USE_IAM_AUTH: "true",
    REDIS_IAM_CACHE_NAME: "Progress",
    REDIS_TLS_CA_PATH: certificates.caPath,
    REDIS_IAM_REAUTHENTICATION_S: "1",
    AWS_REGION: REGION,
    ...environment,
  });
  const patience = testPatience();
  const redis = openRedis(
    settings,
    patience,
    typeof credentials === "function" ? credentials : async () => credentials,
  );
  return { redis, patience, [Symbol.dispose]: () => redis.disconnect() };
}

test.each([
  ["a long-lived key", key],
  ["a session token", session],
])("a token signed with %s opens a connection to a real Redis, over TLS", async (_, credentials) => {
  using cache = client(credentials);
  await eventually(() => cache.redis.status).toBe("ready");
  const name = uniqueName("key");
  await cache.redis.set(name, "value", "EX", 60);
  expect(await cache.redis.get(name)).toBe("value");
  expect(server.refusals).toEqual([]);
});

test("the token of a serverless cache names its resource type", async () => {
  resourceType = "ServerlessCache";
  using cache = client(key, { REDIS_IAM_SERVERLESS: "true" });
  await eventually(() => cache.redis.status).toBe("ready");
});

test("a connection that authenticates again in time outlives its session, and no command fails", async () => {
  using cache = client(key);
  await eventually(() => cache.redis.status).toBe("ready");
  const before = server.connections();
  const endsAtMs = Date.now() + 2 * SESSION_MAX_MS;
  while (Date.now() < endsAtMs) {
    expect(await cache.redis.ping()).toBe("PONG");
    await sleep(20);
  }
  expect(server.connections()).toBe(before);
  expect(server.passwords.length).toBeGreaterThanOrEqual(4);
  expect(server.refusals).toEqual([]);
});

test("each reconnection has a valid token, even if the key expired meanwhile", async () => {
  keys = [];
  using cache = client(endingKeys(30_000, keys), { REDIS_IAM_REAUTHENTICATION_S: "60" });
  for (let round = 0; round < 10; round++) {
    await eventually(() => cache.redis.status).toBe("ready");
    const closed = once(cache.redis, "close");
    endKeys(keys);
    server.hangUp();
    await closed;
  }
  expect(server.refusals).toEqual([]);
  expect(new Set(server.passwords).size).toBeGreaterThanOrEqual(10);
});

test.each([
  ["a wrong secret", { ...key, secretAccessKey: "wrong" }, {}, "wrong signature"],
  ["another region", key, { AWS_REGION: "eu-west-2" }, "signed for the region eu-west-2"],
  [
    "no session token",
    { accessKeyId: session.accessKeyId, secretAccessKey: session.secretAccessKey },
    {},
    "wrong session token",
  ],
  ["another cache", key, { REDIS_IAM_CACHE_NAME: "other" }, "signed for another cache"],
])(
  "%s is refused, health says so without the token, and the client retries",
  async (_, credentials, environment, reason) => {
    using cache = client(credentials, environment);
    await eventually(() => server.refusals.length).toBeGreaterThan(1);
    expect(new Set(server.refusals)).toEqual(new Set([reason]));
    const { state, cause } = cache.patience.health.dependencies.redis ?? {};
    expect([state, cause]).toEqual(["waiting", expect.not.stringContaining("X-Amz")]);
  },
);

const linesOf = ({ patience }: ReturnType<typeof client>, name: string) =>
  patience.lines().filter(({ action }) => action === name);

test("without credentials log and health say so, and the client connects once there are some", async () => {
  let given = false;
  using cache = client(async () => {
    if (!given) throw new Error("Could not load credentials from any providers");
    return key;
  });
  const { health } = cache.patience;
  await eventually(() => health.dependencies.redis?.cause).toMatch("Could not load credentials");
  expect(health.dependencies["redis.token"]).toMatchObject({
    state: "waiting",
    cause: expect.stringContaining("load"),
  });
  expect(linesOf(cache, "redis.token").map(({ status }) => status)).toEqual(["retry"]);
  given = true;
  await eventually(() => cache.redis.status).toBe("ready");
  expect(health.dependencies["redis.token"]?.state).toBe("working");
  expect(linesOf(cache, "redis.token").at(-1)?.status).toBe("ok");
});

test("a living connection that can't authenticate again goes on, log and health say so, and it tries again", async () => {
  using cache = client(key);
  await eventually(() => cache.redis.status).toBe("ready");
  keys = [];
  const health = () => cache.patience.health.dependencies["redis.reauthenticate"];
  await eventually(() => health()?.state).toBe("waiting");
  expect(health()?.cause).toMatch("WRONGPASS");
  expect(await cache.redis.ping()).toBe("PONG");
  keys = [key];
  await eventually(() => health()?.state).toBe("working");
  expect(linesOf(cache, "redis.reauthenticate").map(({ status }) => status)).toEqual(["retry", "ok"]);
});

test("a server whose certificate comes from another authority gets no token", async () => {
  using cache = client(key, { REDIS_TLS_CA_PATH: certificates.client.certificatePath });
  await eventually(() => cache.patience.health.dependencies.redis?.state).toBe("waiting");
  expect(server.passwords).toEqual([]);
});

test("a token is reused until a minute before its end, and never longer than its key", async () => {
  let nowMs = Date.now();
  const user = { cacheName: "progress", user: "pipeline", serverless: false };
  const lasting = elastiCachePassword(
    user,
    REGION,
    async () => key,
    () => nowMs,
  );
  const first = await lasting();
  nowMs += 839_000;
  expect(await lasting()).toBe(first);
  nowMs += 2_000;
  expect(await lasting()).not.toBe(first);

  const expiration = new Date(nowMs + 300_000);
  const temporary = elastiCachePassword(
    user,
    REGION,
    async () => ({ ...session, expiration }),
    () => nowMs,
  );
  const short = await temporary();
  expect(short).toContain("X-Amz-Expires=300&");
  nowMs += 239_000;
  expect(await temporary()).toBe(short);
  nowMs += 2_000;
  expect(await temporary()).not.toBe(short);
});
