import { setTimeout as sleep } from "node:timers/promises";
import { openRedis } from "@millrace/connections";
import { createEventEncoder, createEventProducer } from "@millrace/events";
import { Health, Metrics } from "@millrace/shared";
import { kafkaThrough, startProxy, testPatience } from "@millrace/testbed";
import { afterAll, expect, test } from "vitest";
import { createApp } from "../src/app.ts";
import { createIdempotency } from "../src/events/idempotency.ts";
import { newTopic, openEventsApp, publish } from "./events-support.ts";
import { recordsIn } from "./support.ts";

const api = openEventsApp();
afterAll(() => api[Symbol.asyncDispose]());

/** The lock of a request lasts six times as long. */
const REQUEST_TIMEOUT_MS = 1_500;
/** Each event is a batch with this time limit, so a request of many events outlives its lock. */
const EVENTS_DELIVERY_TIMEOUT_MS = 1_000;

/** The api behind proxies that can cut its connections to Kafka (events) and Redis (keys). */
async function openCuttable() {
  await using resources = new AsyncDisposableStack();
  const kafka = resources.use(await startProxy(Number(api.config.KAFKA_BOOTSTRAP_SERVERS[0]?.split(":")[1])));
  const redis = resources.use(await startProxy(api.config.REDIS_PORT));
  const patience = testPatience();
  const client = resources.adopt(openRedis({ ...api.config, REDIS_PORT: redis.port }, patience), (each) =>
    each.disconnect(),
  );
  const settings = { ...api.config, EVENTS_BATCH_MAX_BYTES: 1_024, EVENTS_DELIVERY_TIMEOUT_MS };
  const producer = resources.use(
    createEventProducer(kafkaThrough(kafka.port), createEventEncoder("json"), settings, patience),
  );
  const idempotency = createIdempotency(client, { ...api.config, REQUEST_TIMEOUT_MS });
  const app = createApp({ ...api.edges, producer, idempotency }, new Health(), api.config, new Metrics("api"));
  const owned = resources.move();
  return { ...api, app, kafka, redis, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

function eventsOf(count: number) {
  return Array.from({ length: count }, (_, index) => ({
    event_id: `event-${index}`,
    event_type: "test",
    text: "x".repeat(1_000),
  }));
}

/** Of a topic, and of the dead letters of its events. */
async function idsIn(topic: string, of = topic): Promise<string[]> {
  const records = await recordsIn(api.config, of);
  const values = records.map(({ value }) => JSON.parse(String(value)) as { event_id: string; topic?: string });
  return values.flatMap((value) => (of === topic || value.topic === topic ? [value.event_id] : []));
}

async function retried(...request: Parameters<typeof publish>): Promise<number> {
  for (;;) {
    const { status } = await publish(...request);
    if (status !== 409) return status;
    await sleep(100);
  }
}

test("while Kafka is unavailable for longer than the lock lasts, a retry queues nothing again: each event is written once", async () => {
  await using cuttable = await openCuttable();
  const topic = newTopic(api);
  expect((await publish(cuttable, topic, { event_id: "first", event_type: "test" })).status).toBe(202);
  const events = eventsOf(18);
  const key = { "idempotency-key": "long-away" };
  cuttable.kafka.mode = "cut";
  const first = publish(cuttable, topic, events, key);
  await sleep(6 * REQUEST_TIMEOUT_MS + 2_000);
  expect((await publish(cuttable, topic, events, key)).status).toBe(409);
  cuttable.kafka.mode = "pass";
  await first;
  await retried(cuttable, topic, events, key);
  const written = [...(await idsIn(topic)), ...(await idsIn(topic, api.config.EVENTS_DLQ_TOPIC))];
  expect(written.toSorted()).toEqual(["first", ...events.map(({ event_id }) => event_id)].toSorted());
}, 120_000);

test("a request that lost its lock drops its unwritten events, and the retry writes them once", async () => {
  await using cuttable = await openCuttable();
  const topic = newTopic(api);
  expect((await publish(cuttable, topic, { event_id: "first", event_type: "test" })).status).toBe(202);
  const events = eventsOf(18);
  const key = { "idempotency-key": "lost" };
  cuttable.kafka.mode = "cut";
  const first = publish(cuttable, topic, events, key);
  await sleep(500);
  cuttable.redis.mode = "cut";
  await sleep(6 * REQUEST_TIMEOUT_MS);
  cuttable.kafka.mode = "pass";
  expect((await first).status).toBe(503);
  expect(await idsIn(topic)).toEqual(["first"]);
  expect(await idsIn(topic, api.config.EVENTS_DLQ_TOPIC)).toEqual([]);
  cuttable.redis.mode = "pass";
  await expect.poll(() => retried(cuttable, topic, events, key), { timeout: 30_000 }).toBe(202);
  expect((await idsIn(topic)).toSorted()).toEqual(["first", ...events.map(({ event_id }) => event_id)].toSorted());
}, 120_000);
