import { setTimeout as sleep } from "node:timers/promises";
import { eventually, expectNoTimeoutWarnings, testPatience, uniqueName } from "@millrace/testbed";
import type { Kafka } from "kafkajs";
import { expect, test } from "vitest";
import { collect, committedOffsets, config, createTopic, finish, kafka, offsetsOf, openWriter } from "./support.ts";

const write = await openWriter();
expectNoTimeoutWarnings();

/** So short that it can be outlived here, and longer than a busy machine holds a process up. */
const SHORT_SESSION_MS = 3_000;

test("draining takes nothing more, waits for what is in flight, and commits it", async () => {
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
  // The group is kept meanwhile, or the commit would be refused.
  await sleep(2 * SHORT_SESSION_MS);
  expect(drained).toBe(false);
  for (const record of consumer.received) record.done();
  await draining;
  expect(await committedOffsets(groupId, topic)).toEqual([3]);
  expect(consumer.received).toHaveLength(3);
});

test("draining ends by rejection at a hard stop, with nothing committed that is not done", async () => {
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

test("a topic that is missing at first is waited for, visibly", async () => {
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

test("a consumer that crashed is replaced: a topic that was deleted and created again is read on", async () => {
  const topic = await createTopic(1);
  const groupId = uniqueName("group");
  await write(topic, 1, 2);
  await using consumer = await collect(groupId, topic);
  await eventually(() => consumer.received.length).toBe(2);

  const admin = kafka.admin();
  await admin.connect();
  await admin.deleteTopics({ topics: [topic] });
  await admin.disconnect();
  await eventually(() => consumer.patience.lines().some(({ status }) => status === "retry")).toBe(true);
  expect(consumer.received.every(({ revoked }) => revoked)).toBe(true);

  await createTopic(1, topic);
  await write(topic, 1, 4);
  await eventually(() => offsetsOf(consumer.received.slice(2))).toEqual([0, 1, 2, 3]);
  expect(consumer.received.slice(2).every(({ revoked }) => !revoked)).toBe(true);
});

test("a consumer that falls silent is found by the watchdog and replaced", async () => {
  const topic = await createTopic(1);
  await write(topic, 1, 3);
  const settings = { ...config, KAFKA_STALL_TIMEOUT_MS: 4_000 };
  await using consumer = await collect(uniqueName("group"), topic, { settings }, firstConsumerSilent());
  await eventually(() => offsetsOf(consumer.received)).toEqual([0, 1, 2]);
  const causes = consumer.patience
    .lines()
    .flatMap(({ action, details }) => (action === "kafka.consume" ? [details] : []));
  expect(JSON.stringify(causes)).toContain("no fetch for");
});

/** As kafkajs stalls: everything seems well, no error is told, and nothing is ever fetched. */
function firstConsumerSilent(): Kafka {
  let made = 0;
  return {
    admin: (options) => kafka.admin(options),
    producer: (options) => kafka.producer(options),
    logger: () => kafka.logger(),
    consumer(options) {
      const consumer = kafka.consumer(options);
      return made++ === 0 ? { ...consumer, run: async () => undefined } : consumer;
    },
  } as Kafka;
}
