import { setTimeout as sleep } from "node:timers/promises";
import { eventually, expectNoTimeoutWarnings, testPatience, uniqueName } from "@millrace/testbed";
import type { Consumer, Kafka } from "kafkajs";
import { expect, test } from "vitest";
import {
  collect,
  committedOffsets,
  config,
  createTopic,
  finish,
  kafka,
  offsetsOf,
  openWriter,
  type TestConsumption,
  withAdmin,
} from "./support.ts";

const write = await openWriter();
expectNoTimeoutWarnings();

/** Short enough to outlive in a test, and longer than a busy machine delays a process. */
const SHORT_SESSION_MS = 3_000;

test("draining accepts no more records, waits for those in flight, and commits them", async () => {
  const topic = await createTopic(1);
  const groupId = uniqueName("group");
  await write(topic, 1, 3);
  const settings = { ...config, KAFKA_SESSION_TIMEOUT_MS: SHORT_SESSION_MS };
  await using consumer = await collect(groupId, topic, { settings });
  await eventually(() => consumer.received.length).toBe(3);

  let drained = false;
  const draining = consumer.consumption.drain(new AbortController().signal).then(() => {
    drained = true;
  });
  await write(topic, 1, 2);
  // The member stays in the group meanwhile; otherwise the broker would refuse the commit.
  await sleep(2 * SHORT_SESSION_MS);
  expect(drained).toBe(false);
  for (const record of consumer.received) record.done();
  await draining;
  expect(await committedOffsets(groupId, topic)).toEqual([3]);
  expect(consumer.received).toHaveLength(3);
});

test("draining rejects at a hard stop, and commits no record that is not done", async () => {
  const topic = await createTopic(1);
  const groupId = uniqueName("group");
  await write(topic, 1, 2);
  await using consumer = await collect(groupId, topic);
  await eventually(() => consumer.received.length).toBe(2);
  finish(consumer.received, 0, 1);
  const hardStop = new AbortController();
  const draining = expect(consumer.consumption.drain(hardStop.signal)).rejects.toThrow(/abort/i);
  await sleep(100);
  hardStop.abort();
  await draining;
  expect(await committedOffsets(groupId, topic)).toEqual([-1]);
});

test("a consumer waits for a missing topic, and says so", async () => {
  const topic = uniqueName("late");
  const patience = testPatience();
  const opening = collect(uniqueName("group"), topic, {}, kafka, patience);
  await eventually(() => patience.lines().some(({ status }) => status === "retry")).toBe(true);
  await createTopic(1, topic);
  await write(topic, 1, 3);
  await using consumer = await opening;
  await eventually(() => consumer.received.length).toBe(3);
  const joins = consumer.patience.lines().filter(({ action }) => action === "kafka.consume");
  expect(joins.map(({ status }) => status)).toContain("retry");
  expect(joins.at(-1)?.status).toBe("ok");
  await eventually(() => consumer.patience.health.dependencies["kafka.consume"]?.state).toBe("working");
});

test("a consumer that crashed is replaced, and reads a topic that was deleted and created again", async () => {
  const topic = await createTopic(1);
  const groupId = uniqueName("group");
  await write(topic, 1, 2);
  await using consumer = await collect(groupId, topic);
  await eventually(() => consumer.received.length).toBe(2);

  await deleteTopic(topic);
  await eventually(() => consumer.patience.lines().some(({ status }) => status === "retry")).toBe(true);
  expect(consumer.received.every(({ revoked }) => revoked)).toBe(true);

  await createTopic(1, topic);
  await write(topic, 1, 4);
  await eventually(() => offsetsOf(consumer.received.slice(2))).toEqual([0, 1, 2, 3]);
  expect(consumer.received.slice(2).every(({ revoked }) => !revoked)).toBe(true);
});

test("the watchdog replaces a consumer that falls silent", async () => {
  const topic = await createTopic(1);
  await write(topic, 1, 3);
  const settings = { ...config, KAFKA_STALL_TIMEOUT_MS: 4_000 };
  // As kafkajs stalls: no error, no event, and no fetch.
  const silent = firstConsumer({ run: async () => undefined });
  await using consumer = await collect(uniqueName("group"), topic, { settings }, silent);
  await eventually(() => offsetsOf(consumer.received)).toEqual([0, 1, 2]);
  const causes = consumer.patience
    .lines()
    .flatMap(({ action, details }) => (action === "kafka.consume" ? [details] : []));
  expect(JSON.stringify(causes)).toContain("no fetch for");
});

test("a join that never ends is abandoned, and the next one succeeds", async () => {
  const topic = await createTopic(1);
  await write(topic, 1, 1);
  const settings = { ...config, KAFKA_SESSION_TIMEOUT_MS: SHORT_SESSION_MS, KAFKA_STALL_TIMEOUT_MS: 1_000 };
  // As kafkajs hangs when a connection breaks while it authenticates.
  const kafka = firstConsumer({ connect: () => new Promise(() => undefined) });
  await using consumer = await collect(uniqueName("group"), topic, { settings }, kafka);
  await eventually(() => offsetsOf(consumer.received)).toEqual([0]);
  expect(consumer.patience.lines().find(({ status }) => status === "retry")?.details).toMatchObject({
    state: "joining",
    cause: "not done within 11000 ms",
  });
}, 60_000);

test("each change of the state is logged, a rebalance and a replacement included", async () => {
  // A partition for each member: one without a partition does not notice that the topic is gone.
  const topic = await createTopic(2);
  const groupId = uniqueName("group");
  const consumer = await collect(groupId, topic);
  const states = () => statesOf(consumer);
  expect(states()).toEqual(["joining", "consuming"]);
  await using _other = await collect(groupId, topic);
  await eventually(() => states().slice(2)).toContain("consuming");

  await deleteTopic(topic);
  await eventually(states).toEqual(expect.arrayContaining(["replacing", "joining"]));
  const { length } = states();
  await createTopic(2, topic);
  await eventually(() => states().slice(length)).toContain("consuming");
  await consumer.consumption.drain(new AbortController().signal);
  await consumer[Symbol.asyncDispose]();
  expect(states().slice(-2)).toEqual(["draining", "closed"]);
});

test("a consumer that crashes while it drains is not replaced, and the drain ends with the records in flight", async () => {
  const topic = await createTopic(1);
  await write(topic, 1, 1);
  await using consumer = await collect(uniqueName("group"), topic);
  await eventually(() => consumer.received.length).toBe(1);
  const draining = consumer.consumption.drain(new AbortController().signal);
  await deleteTopic(topic);
  await eventually(() => consumer.received.every(({ revoked }) => revoked)).toBe(true);
  await createTopic(1, topic);
  for (const record of consumer.received) record.done();
  await draining;
  expect(statesOf(consumer)).toEqual(["joining", "consuming", "draining", "draining"]);
});

function statesOf({ patience }: TestConsumption): unknown[] {
  return patience.lines().flatMap(({ details }) => details?.state ?? []);
}

/** A client whose first consumer has other methods. */
function firstConsumer(methods: Partial<Consumer>): Kafka {
  let opened = 0;
  return {
    admin: (options) => kafka.admin(options),
    producer: (options) => kafka.producer(options),
    logger: () => kafka.logger(),
    consumer(options) {
      const consumer = kafka.consumer(options);
      return opened++ === 0 ? { ...consumer, ...methods } : consumer;
    },
  } as Kafka;
}

const deleteTopic = (topic: string) => withAdmin(kafka, (admin) => admin.deleteTopics({ topics: [topic] }));
