import { randomUUID } from "node:crypto";
import { firstConnection, openRedis } from "@millrace/connections";
import { Health, Log, readConfiguration } from "@millrace/shared";
import { startRedisCluster } from "@millrace/testbed";
import { afterAll, expect, test } from "vitest";
import { embedConfig } from "../src/config.ts";
import { createVectorCache } from "../src/redis/vector-cache.ts";
import { eventually } from "./support.ts";

const config = readConfiguration(embedConfig, {
  ...process.env,
  REDIS_KEY_PREFIX: `cache-${randomUUID()}`,
  // A write that times out is not repeated.
  REDIS_TIMEOUT_MS: "15000",
});
const log = new Log("embed", { level: "error" });
const patience = {
  log,
  health: new Health(),
  backoff: { initialMs: 1, maxMs: 10 },
  hardStop: new AbortController().signal,
};
const redis = openRedis(config, patience);
await firstConnection(redis, config);
afterAll(() => redis.quit());

function cacheOf(model: string, dimensions: number) {
  return createVectorCache(redis, log, { model, dimensions, keyPrefix: config.REDIS_KEY_PREFIX, timeToLiveS: 600 });
}

async function stored(cache: ReturnType<typeof cacheOf>, text: string, vector: Float32Array): Promise<string> {
  const key = cache.keyOf(Buffer.from(text));
  void cache.write([key], vector);
  await eventually(async () => (await cache.read([key]))[0]).toEqual(vector);
  return key;
}

test("vectors round-trip to the last bit, and an unknown text has none", async () => {
  const cache = cacheOf("m", 3);
  const vector = Float32Array.of(0.1, -1e-38, 3.4e38);
  const key = await stored(cache, "lost card", vector);
  const unknown = cache.keyOf(Buffer.from("refund"));
  expect(await cache.read([unknown, key])).toEqual([undefined, vector]);
});

test("each of several vectors has its own entry", async () => {
  const cache = cacheOf("m", 2);
  const keys = ["one", "two", "three"].map((text) => cache.keyOf(Buffer.from(text)));
  void cache.write(keys, Float32Array.of(1, 2, 3, 4, 5, 6));
  const vectors = [Float32Array.of(1, 2), Float32Array.of(3, 4), Float32Array.of(5, 6)];
  await eventually(() => cache.read(keys)).toEqual(vectors);
});

test("more vectors than one command takes are each under their own key", async () => {
  const dimensions = 1_536;
  const cache = cacheOf("m", dimensions);
  // 196,608 bytes to a command: 32 of these vectors.
  const keys = Array.from({ length: 100 }, (_, index) => cache.keyOf(Buffer.from(`many ${index}`)));
  const vectors = Float32Array.from({ length: keys.length * dimensions }, (_, at) => at);
  expect(await cache.write(keys, vectors)).toBe(true);
  const ends = (await cache.read(keys)).map((vector) => [vector?.length, vector?.at(0), vector?.at(-1)]);
  expect(ends).toEqual(keys.map((_, row) => [dimensions, row * dimensions, (row + 1) * dimensions - 1]));
});

test("entries expire", async () => {
  const key = await stored(cacheOf("m", 2), "expires", Float32Array.of(1, 2));
  expect(await redis.ttl(key)).toBeGreaterThan(590);
});

test("another model, other dimensions or another text gives another key, for any model name", () => {
  const text = Buffer.from("text");
  const keys = [cacheOf("a", 1), cacheOf("a:1", 1), cacheOf("a", 11), cacheOf("", 1)].map((cache) => cache.keyOf(text));
  keys.push(cacheOf("a", 1).keyOf(Buffer.from("text ")));
  expect(new Set(keys).size).toBe(keys.length);
});

test("a corrupt entry is ignored and dropped", async () => {
  const cache = cacheOf("m", 2);
  const key = await stored(cache, "damaged", Float32Array.of(1, 2));
  await redis.setrange(key, 6, "x");
  expect(await cache.read([key])).toEqual([undefined]);
  await eventually(() => redis.exists(key)).toBe(0);
});

test("without Redis it acts as an empty cache, without delay", async () => {
  const away = openRedis({ ...config, REDIS_PORT: 1 }, patience);
  const cache = createVectorCache(away, log, { model: "m", dimensions: 2, keyPrefix: "p", timeToLiveS: 60 });
  void cache.write(["k"], Float32Array.of(1, 2));
  expect(await cache.read(["k"])).toEqual([undefined]);
  away.disconnect();
});

test("in a Redis cluster, vectors are spread over all nodes, and written and read together", async () => {
  await using cluster = await startRedisCluster();
  const many = openRedis({ ...config, REDIS_CLUSTER: true, REDIS_PORT: cluster.ports[0] ?? 0 }, patience);
  await eventually(() => many.status).toBe("ready");
  const cache = createVectorCache(many, log, { model: "m", dimensions: 2, keyPrefix: "p", timeToLiveS: 60 });
  const keys = Array.from({ length: 50 }, (_, index) => cache.keyOf(Buffer.from(`text ${index}`)));
  const vectors = keys.map((_, index) => Float32Array.of(index, 1));
  const writeAndRead = () => {
    void cache.write(keys, Float32Array.from(vectors.flatMap((vector) => [...vector])));
    return cache.read([...keys, cache.keyOf(Buffer.from("unknown"))]);
  };
  await eventually(writeAndRead).toEqual([...vectors, undefined]);
  many.disconnect();
});
