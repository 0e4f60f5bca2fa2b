import { setTimeout as sleep } from "node:timers/promises";
import { type AwsCredentials, groupByNode, openRedis, readValues, redisSettings } from "@millrace/connections";
import { processSettings, readConfiguration } from "@millrace/shared";
import {
  endingKeys,
  endKeys,
  eventually,
  type KnownKey,
  openCertificates,
  type RedisAuthenticator,
  refusePresigned,
  startRedisAuthenticator,
  startRedisCluster,
  testPatience,
  uniqueName,
} from "@millrace/testbed";
import { Cluster } from "ioredis";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { createAttempts } from "../src/attempts.ts";
import { announcePresence, readPresence } from "../src/presence.ts";
import { createTracker } from "../src/tracking.ts";

const REGION = "eu-west-1";
/** Five times as long as a client takes to authenticate again, so that a stall of the machine ends none. */
const SESSION_MAX_MS = 5_000;
const HOST = "127.0.0.1";
const key = {
  accessKeyId: "ASIAEXAMPLE",
  secretAccessKey: "an-example/of+a-secret",
  sessionToken: "a/session+token==",
};
/** Beside it, what a provider gave out. */
const issued: KnownKey[] = [];

const certificates = await openCertificates();
const plain = await startRedisCluster();
/** One before each node; the nodes tell clients of these ports, and not of their own. */
const authenticators: RedisAuthenticator[] = [];
const guarded = await startRedisCluster(async (port) => {
  const authenticator = await startRedisAuthenticator(
    certificates.server,
    { host: HOST, port },
    SESSION_MAX_MS,
    (user, password) =>
      refusePresigned(
        password,
        { region: REGION, service: "elasticache", keys: [key, ...issued] },
        { Action: "connect", User: user },
      ),
  );
  authenticators.push(authenticator);
  return authenticator.port;
});
afterAll(async () => {
  for (const each of [...authenticators, plain, guarded]) await each[Symbol.asyncDispose]();
});
beforeEach(() => {
  for (const { refusals } of authenticators) refusals.length = 0;
});

const schema = z.object({ ...processSettings, ...redisSettings });

function open(environment: Record<string, string>, credentials: () => Promise<AwsCredentials> = async () => key) {
  const prefix = uniqueName("test");
  const config = readConfiguration(schema, { REDIS_CLUSTER: "true", REDIS_KEY_PREFIX: prefix, ...environment });
  const patience = testPatience();
  const redis = openRedis(config, patience, credentials);
  return { redis, config, patience, [Symbol.dispose]: () => redis.disconnect() };
}

const withPassword = { REDIS_HOST: HOST, REDIS_PORT: String(plain.ports[0]) };
const withIam = {
  REDIS_HOST: HOST,
  REDIS_PORT: String(authenticators[0]?.port),
  REDIS_USERNAME: "pipeline",
  REDIS_USE_IAM_AUTH: "true",
  REDIS_IAM_CACHE_NAME: "progress",
  REDIS_IAM_REAUTHENTICATION_S: "1",
  REDIS_TLS_CA_PATH: certificates.caPath,
  AWS_REGION: REGION,
};
const refusals = () => authenticators.flatMap((each) => each.refusals);
const passwords = () => authenticators.flatMap((each) => each.passwords);

describe.each([
  ["in the clear", withPassword],
  ["by IAM, over TLS", withIam],
])("on a cluster of three nodes, reached %s", (_, environment) => {
  test("the progress of messages whose keys lie on all nodes is written and read", async () => {
    using cluster = open(environment);
    await eventually(() => cluster.redis.status).toBe("ready");
    const tracker = createTracker(cluster.redis, cluster.config, cluster.patience.log);
    const messages = Array.from({ length: 64 }, (__, partition) => ({ topic: "messages", partition, offset: 7 }));
    const prefix = cluster.config.REDIS_KEY_PREFIX;
    const groups = groupByNode(
      cluster.redis,
      messages,
      ({ partition }) => `${prefix}:progress:messages:${partition}:0`,
    );
    expect(groups.length).toBe(3);
    tracker.reached("ingested", messages);
    tracker.reached("stored", messages);
    await tracker.flush();
    for (const message of messages) {
      expect(Object.keys((await tracker.progress(message)) ?? {})).toEqual(["ingested", "stored"]);
    }
    expect(cluster.patience.lines().filter(({ action }) => action === "tracking.write")).toEqual([]);
  });

  test("attempts are counted, presence is announced, and many values are read at once", async () => {
    using cluster = open(environment);
    const { redis, config, patience } = cluster;
    await eventually(() => redis.status).toBe("ready");
    const attempts = createAttempts(redis, config.REDIS_KEY_PREFIX);
    const record = { topic: "messages", partition: 1, offset: 2 };
    expect(await attempts.begin("test", record)).toBe(1);
    expect(await attempts.begin("test", record)).toBe(2);
    await attempts.endAll();
    expect(await attempts.begin("test", record)).toBe(1);
    await attempts.endAll();

    const activity = () => ({
      messages: 1,
      deadLettered: 0,
      inFlight: 0,
      lastActivityAt: undefined,
      latencies: {},
      slow: [],
    });
    const { log, health } = patience;
    await using _presence = announcePresence(redis, "sink", { instance: "one", log, health, config }, activity);
    await expect
      .poll(async () => (await readPresence(redis, config.REDIS_KEY_PREFIX, "sink", 2_000)).length, { timeout: 20_000 })
      .toBe(1);

    const names = Array.from({ length: 100 }, (__, index) => `${config.REDIS_KEY_PREFIX}:${index}`);
    await Promise.all(names.slice(0, 99).map((name) => redis.set(name, Buffer.from(name), "EX", 60)));
    const values = await readValues(redis, names);
    expect(names.map((name) => String(values.get(name)))).toEqual([...names.slice(0, 99), "undefined"]);
  });
});

test("connections to every node outlive their sessions by authenticating again, and no command fails", async () => {
  using cluster = open(withIam);
  const { redis } = cluster;
  await eventually(() => redis.status).toBe("ready");
  // As many as surely lie on all three nodes: the client connects to a node with the first command for it.
  const names = Array.from({ length: 60 }, (_, index) => `${cluster.config.REDIS_KEY_PREFIX}:${index}`);
  for (const name of names) await redis.set(name, name, "EX", 60);
  const nodes = redis instanceof Cluster ? redis.nodes("master") : [];
  expect(nodes.length).toBe(3);
  const endsAtMs = Date.now() + 2 * SESSION_MAX_MS;
  while (Date.now() < endsAtMs) {
    for (const name of names) expect(await redis.get(name)).toBe(name);
    await sleep(20);
  }
  expect(nodes.map(({ status }) => status)).toEqual(["ready", "ready", "ready"]);
  expect(refusals()).toEqual([]);
});

test("each new connection has a token that holds, though the key ended in the meantime", async () => {
  using cluster = open(withIam, endingKeys(30_000, issued));
  const { redis, config } = cluster;
  const works = async () => {
    const written = Array.from({ length: 12 }, (_, index) =>
      redis.set(`${config.REDIS_KEY_PREFIX}:${index}`, "v", "EX", 60),
    );
    return (await Promise.allSettled(written)).every(({ status }) => status === "fulfilled");
  };
  const before = new Set(passwords()).size;
  for (let round = 0; round < 4; round++) {
    await expect.poll(works, { timeout: 20_000, interval: 50 }).toBe(true);
    // The token at hand is by the last key, or by the one before while that one signs.
    const known = issued.length;
    await eventually(() => issued.length).toBeGreaterThanOrEqual(known + 2);
    endKeys(issued, 2);
    for (const authenticator of authenticators) authenticator.hangUp();
  }
  await expect.poll(works, { timeout: 20_000, interval: 50 }).toBe(true);
  expect(refusals()).toEqual([]);
  expect(new Set(passwords()).size - before).toBeGreaterThanOrEqual(5);
});

test("a wrong secret is refused, health says so without the token, and it goes on trying", async () => {
  using cluster = open(withIam, async () => ({ ...key, secretAccessKey: "wrong" }));
  await eventually(() => refusals().length).toBeGreaterThan(1);
  expect(new Set(refusals())).toEqual(new Set(["wrong signature"]));
  await eventually(() => cluster.patience.health.dependencies.redis?.state).toBe("waiting");
  expect(JSON.stringify(cluster.patience.health.dependencies)).not.toContain("X-Amz");
});

test("without credentials health says so, and the connection comes when there are some", async () => {
  let given = false;
  using cluster = open(withIam, async () => {
    if (!given) throw new Error("Could not load credentials from any providers");
    return key;
  });
  await eventually(() => cluster.patience.health.dependencies.redis?.cause).toMatch("Could not load credentials");
  given = true;
  await eventually(() => cluster.redis.status).toBe("ready");
});

test("living connections that can't authenticate again go on, health says so, and they try again", async () => {
  const renewed = { ...key, accessKeyId: "ASIARENEWED" };
  issued.push(renewed);
  using cluster = open(withIam, async () => renewed);
  await eventually(() => cluster.redis.status).toBe("ready");
  const name = `${cluster.config.REDIS_KEY_PREFIX}:name`;
  // This opens the connection to the node of that key.
  await cluster.redis.set(name, "value", "EX", 60);
  issued.length = 0;
  const health = () => cluster.patience.health.dependencies["redis.reauthenticate"];
  await eventually(() => health()?.state).toBe("waiting");
  expect(await cluster.redis.get(name)).toBe("value");
  issued.push(renewed);
  await eventually(() => health()?.state).toBe("working");
});
