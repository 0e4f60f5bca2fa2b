import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, expect, test } from "vitest";
import { connectProducer, type Received } from "../src/index.ts";
import { collect, committedOffsets, createTopic, eventually, kafka, testPatience, uniqueName } from "./support.ts";

const warnings: string[] = [];
const onWarning = ({ name, message }: Error): number => warnings.push(`${name}: ${message}`);
process.on("warning", onWarning);

const producer = await connectProducer(kafka, testPatience());
afterAll(async () => {
  await producer[Symbol.asyncDispose]();
  process.off("warning", onWarning);
  // kafkajs 2.2.4 is known for them on Node 24.
  expect(warnings.filter((warning) => warning.includes("Timeout"))).toEqual([]);
});

/** Longer than the session timeout of the tests' configuration. */
const SESSION_AND_MORE_MS = 2_500;

/** Writes as many records to each of the partitions. */
async function write(topic: string, partitions: number, count: number, valueBytes = 8): Promise<void> {
  const records = Array.from({ length: partitions * count }, (_, index) => ({
    value: Buffer.alloc(valueBytes, index),
    partition: index % partitions,
  }));
  await producer.send(topic, records);
}

function offsetsOf(received: readonly Received[], partition = 0): number[] {
  return received.filter((record) => record.partition === partition).map(({ offset }) => offset);
}

function finish(received: readonly Received[], partition: number, ...offsets: number[]): void {
  for (const record of received) {
    if (record.partition === partition && offsets.includes(record.offset)) record.done();
  }
}

async function memberIds(groupId: string): Promise<string[]> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    const { groups } = await admin.describeGroups([groupId]);
    return groups.flatMap(({ members }) => members.map(({ memberId }) => memberId));
  } finally {
    await admin.disconnect();
  }
}

test("every record is delivered once, in order within its partition, with its origin", async () => {
  const topic = await createTopic(3);
  const before = Date.now();
  await write(topic, 3, 500);
  await using consumer = await collect(uniqueName("group"), topic);
  await eventually(() => consumer.received.length).toBe(1_500);
  await sleep(100);
  for (const partition of [0, 1, 2]) {
    expect(offsetsOf(consumer.received, partition)).toEqual(Array.from({ length: 500 }, (_, offset) => offset));
  }
  const [first] = consumer.received;
  expect(first).toMatchObject({ topic, key: null, headers: [], revoked: false });
  expect(first?.timestampMs).toBeGreaterThanOrEqual(before - 1_000);
  expect(first?.timestampMs).toBeLessThanOrEqual(Date.now() + 1_000);
  expect(consumer.consumption.inFlight).toBe(1_500);
  expect(consumer.consumption.lastReceivedAt?.getTime()).toBeGreaterThanOrEqual(before);
});

test("records done out of order are committed up to the first that is not, and the next consumer goes on there", async () => {
  const topic = await createTopic(1);
  const groupId = uniqueName("group");
  await write(topic, 1, 10);
  {
    await using consumer = await collect(groupId, topic);
    await eventually(() => consumer.received.length).toBe(10);
    finish(consumer.received, 0, 9, 8, 6, 5, 1);
    await sleep(200);
    expect(await committedOffsets(groupId, topic)).toEqual([-1]);
    finish(consumer.received, 0, 2, 0);
    await eventually(() => committedOffsets(groupId, topic)).toEqual([3]);
    expect(consumer.consumption.inFlight).toBe(3);
  }
  await using next = await collect(groupId, topic);
  await eventually(() => next.received.length).toBe(7);
  expect(offsetsOf(next.received)).toEqual([3, 4, 5, 6, 7, 8, 9]);
  for (const record of next.received) record.done();
  await eventually(() => committedOffsets(groupId, topic)).toEqual([10]);
});

test("at the limit of records in flight fetching waits, and the member outlives its session timeout", async () => {
  const topic = await createTopic(1);
  const groupId = uniqueName("group");
  await write(topic, 1, 20);
  await using consumer = await collect(groupId, topic, { inFlightMax: 5 });
  await eventually(() => consumer.received.length).toBe(5);
  const members = await memberIds(groupId);
  await sleep(SESSION_AND_MORE_MS);
  expect(consumer.consumption.inFlight).toBe(5);
  expect(await memberIds(groupId)).toEqual(members);

  finish(consumer.received, 0, 0, 1);
  await eventually(() => consumer.received.length).toBe(7);
  for (let count = 7; count < 20; count++) {
    await eventually(() => consumer.received.length).toBe(count);
    consumer.received.at(-5)?.done();
  }
  await eventually(() => consumer.received.length).toBe(20);
  expect(offsetsOf(consumer.received)).toEqual(Array.from({ length: 20 }, (_, offset) => offset));
  expect(consumer.received.some(({ revoked }) => revoked)).toBe(false);
});

test("at the limit of bytes in flight fetching waits, across partitions", async () => {
  const topic = await createTopic(2);
  await write(topic, 2, 10, 400);
  await using consumer = await collect(uniqueName("group"), topic, { inFlightMaxBytes: 1_000 });
  await eventually(() => consumer.received.length).toBe(3);
  await sleep(300);
  expect(consumer.received.length).toBe(3);
  for (let index = 0; index < 20; index++) {
    await eventually(() => consumer.received.length).toBeGreaterThan(index);
    consumer.received[index]?.done();
    expect(consumer.consumption.inFlight).toBeLessThanOrEqual(3);
  }
});

test("when another consumer joins, kept partitions go on and the lost ones are revoked", async () => {
  const topic = await createTopic(2);
  const groupId = uniqueName("group");
  await write(topic, 2, 4);
  await using first = await collect(groupId, topic);
  await eventually(() => first.received.length).toBe(8);
  for (const partition of [0, 1]) finish(first.received, partition, 0);
  await eventually(() => committedOffsets(groupId, topic)).toEqual([1, 1]);

  await using second = await collect(groupId, topic);
  await eventually(() => second.received.length).toBe(3);
  const lost = second.received[0]?.partition ?? 0;
  const kept = 1 - lost;
  expect(offsetsOf(second.received, lost)).toEqual([1, 2, 3]);
  expect(offsetsOf(second.received, kept)).toEqual([]);
  expect(first.received.map(({ partition, revoked }) => revoked === (partition === lost))).not.toContain(false);

  // What the first one does of a lost partition moves nothing: not forwards …
  finish(first.received, lost, 1, 2);
  finish(first.received, kept, 1);
  await eventually(async () => (await committedOffsets(groupId, topic))[kept]).toBe(2);
  expect((await committedOffsets(groupId, topic))[lost]).toBe(1);
  // … and not backwards.
  finish(second.received, lost, 1, 2, 3);
  await eventually(async () => (await committedOffsets(groupId, topic))[lost]).toBe(4);
  finish(first.received, lost, 3);
  finish(first.received, kept, 2, 3);
  await eventually(async () => (await committedOffsets(groupId, topic))[kept]).toBe(4);
  expect((await committedOffsets(groupId, topic))[lost]).toBe(4);
  expect(first.consumption.inFlight).toBe(0);

  // Nothing of the kept partition came twice, and new records go to their owners.
  await write(topic, 2, 1);
  await eventually(() => offsetsOf(first.received, kept)).toEqual([0, 1, 2, 3, 4]);
  await eventually(() => offsetsOf(second.received, lost)).toEqual([1, 2, 3, 4]);
  expect(offsetsOf(first.received, lost)).toEqual([0, 1, 2, 3]);
});

test("a consumer that takes over what a dead one had left does all of it, and only that", async () => {
  const topic = await createTopic(4);
  const groupId = uniqueName("group");
  await write(topic, 4, 50);
  const first = await collect(groupId, topic);
  await using second = await collect(groupId, topic);
  await eventually(() => new Set([...first.received, ...second.received].map(({ partition }) => partition)).size).toBe(
    4,
  );
  for (const { received } of [first, second]) for (const record of received.slice(0, 30)) record.done();
  await sleep(200);
  const committed = (await committedOffsets(groupId, topic)).map((offset) => Math.max(0, offset));
  await first[Symbol.asyncDispose]();
  await eventually(() => {
    for (const record of second.received) record.done();
    return committedOffsets(groupId, topic);
  }).toEqual([50, 50, 50, 50]);
  for (const partition of [0, 1, 2, 3]) {
    const offsets = new Set(offsetsOf(second.received, partition));
    for (let offset = committed[partition] ?? 0; offset < 50; offset++) expect(offsets.has(offset)).toBe(true);
  }
});

test("draining takes nothing more, waits for what is in flight, and commits it", async () => {
  const topic = await createTopic(1);
  const groupId = uniqueName("group");
  await write(topic, 1, 3);
  await using consumer = await collect(groupId, topic);
  await eventually(() => consumer.received.length).toBe(3);

  let drained = false;
  const draining = consumer.consumption.drain(new AbortController().signal).then(() => {
    drained = true;
  });
  await write(topic, 1, 2);
  // Longer than the session timeout: the group is kept, or the commit would be refused.
  await sleep(SESSION_AND_MORE_MS);
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
  const opening = collect(uniqueName("group"), topic);
  await sleep(1_000);
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
