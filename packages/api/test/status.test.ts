import { openRedis } from "@millrace/connections";
import { createKafka } from "@millrace/kafka";
import { Health, Log } from "@millrace/shared";
import { testPatience } from "@millrace/testbed";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { StageStatus } from "../src/stage-schema.ts";
import { announce, bodyOf, CLOSED_PORT, createTopics, isolated, openTestApp, until } from "./support.ts";

interface StatusBody {
  stages: Record<"ingest" | "embed" | "sink", StageStatus>;
}

const environment = isolated();
const api = openTestApp(environment);
const { config } = api;
const [messages = "", orders = ""] = config.KAFKA_TOPICS;
const kafka = createKafka(config, "test", new Log("test", { level: "error" }));

beforeAll(async () => {
  await createTopics(config, [messages, config.REPLAY_TOPIC, config.BATCHES_TOPIC, config.VECTORS_TOPIC]);
  const producer = kafka.producer();
  await producer.connect();
  const values = Array.from({ length: 10 }, (_, index) => ({ value: `${index}`, partition: 0 }));
  await producer.send({ topic: messages, messages: values });
  await producer.send({ topic: config.REPLAY_TOPIC, messages: values.slice(0, 2) });
  await producer.send({ topic: config.BATCHES_TOPIC, messages: values.slice(0, 4) });
  await producer.disconnect();
  const admin = kafka.admin();
  await admin.connect();
  await admin.setOffsets({
    groupId: `${config.KAFKA_GROUP_PREFIX}-ingest`,
    topic: messages,
    partitions: [{ partition: 0, offset: "7" }],
  });
  await admin.disconnect();
});
afterAll(() => api[Symbol.asyncDispose]());

async function statusOf(app: typeof api): Promise<StatusBody["stages"]> {
  const response = await app.app.request("/status");
  expect(response.status).toBe(200);
  return (await bodyOf<StatusBody>(response)).stages;
}

test("lag is the number of records beyond the committed offsets, per topic and in total", async () => {
  const { ingest, embed, sink } = await statusOf(api);
  expect(ingest.lag).toEqual({ total: 5, topics: { [messages]: 3, [orders]: null, [config.REPLAY_TOPIC]: 2 } });
  // This group has never committed, so it starts at the earliest record.
  expect(embed.lag).toEqual({ total: 4, topics: { [config.BATCHES_TOPIC]: 4 } });
  expect(sink.lag).toEqual({ total: 0, topics: { [config.VECTORS_TOPIC]: 0, [config.DEAD_LETTERS_TOPIC]: null } });
});

test("a stage is stopped until an instance reports, then shows the report", async () => {
  expect((await statusOf(api)).sink).toMatchObject({ state: "stopped", instances: [], messages: 0 });
  const redis = openRedis(config, testPatience());
  const health = new Health();
  health.started();
  const announcement = announce(redis, "sink", api, health);
  await until(async () => (await statusOf(api)).sink.state === "running");
  expect((await statusOf(api)).sink).toMatchObject({
    messages: 12,
    deadLettered: 1,
    inFlight: 3,
    lastActivityAt: "2026-01-01T00:00:00.000Z",
    latencies: { "sink.batch": { count: 1, p99Ms: 4 } },
    waitingFor: [],
    instances: [{ instance: "test-sink", ready: true, messages: 12 }],
  });
  health.waiting("opensearch", "connection refused");
  await until(async () => (await statusOf(api)).sink.state === "waiting");
  expect((await statusOf(api)).sink.waitingFor).toMatchObject([
    { dependency: "opensearch", cause: "connection refused" },
  ]);
  await announcement[Symbol.asyncDispose]();
  await until(async () => (await statusOf(api)).sink.state === "stopped");
  redis.disconnect();
});

test("returns the lag while Redis is unavailable, and the presence while Kafka is", async () => {
  await using withoutRedis = openTestApp({ ...environment, REDIS_PORT: CLOSED_PORT });
  const { ingest } = await statusOf(withoutRedis);
  expect(ingest).toMatchObject({ state: null, instances: null, lag: { total: 5 } });
  expect(ingest.unknown?.presence).toMatch(/^Redis: /);

  await using withoutKafka = openTestApp({ ...environment, KAFKA_BOOTSTRAP_SERVERS: `127.0.0.1:${CLOSED_PORT}` });
  await until(async () => (await withoutKafka.edges.probes.redis()).status === "ok");
  await until(async () => (await statusOf(withoutKafka)).ingest.state === "stopped");
  const { embed } = await statusOf(withoutKafka);
  expect(embed).toMatchObject({ state: "stopped", lag: null });
  expect(embed.unknown?.lag).toMatch(/^Kafka: .*ECONNREFUSED/);
});

test("a topic deleted while the api runs does no harm", async () => {
  const topic = `deleted-${crypto.randomUUID()}`;
  await createTopics(config, [topic]);
  await using app = openTestApp({ ...environment, KAFKA_TOPICS: `${messages},${topic}` });
  await until(async () => (await statusOf(app)).ingest.lag?.topics[topic] === 0);
  const admin = kafka.admin();
  await admin.connect();
  await admin.deleteTopics({ topics: [topic] });
  await admin.disconnect();
  await until(async () => (await statusOf(app)).ingest.lag?.topics[topic] === null);
  expect((await statusOf(app)).ingest.lag).toMatchObject({ total: 5, topics: { [messages]: 3 } });
});
