import { setTimeout as sleep } from "node:timers/promises";
import { eventually, expectNoTimeoutWarnings, uniqueName } from "@millrace/testbed";
import { expect, test } from "vitest";
import {
  attempts,
  collect,
  committedOffsets,
  config,
  createTopic,
  finish,
  kafka,
  offsetsOf,
  openWriter,
  withAdmin,
} from "./support.ts";

const write = await openWriter();
expectNoTimeoutWarnings();

/** Short enough to outlive in a test, and longer than a busy machine delays a process. */
const SHORT_SESSION_MS = 3_000;

async function memberIds(groupId: string): Promise<string[]> {
  const { groups } = await withAdmin(kafka, (admin) => admin.describeGroups([groupId]));
  return groups.flatMap(({ members }) => members.map(({ memberId }) => memberId));
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

test("a commit covers the records before the first that is not done, and the next consumer continues there", async () => {
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

test("fetching pauses at the limit of records in flight, and the member outlives its session timeout", async () => {
  const topic = await createTopic(1);
  const groupId = uniqueName("group");
  await write(topic, 1, 20);
  await using consumer = await collect(groupId, topic, {
    inFlightMax: 5,
    settings: { ...config, KAFKA_SESSION_TIMEOUT_MS: SHORT_SESSION_MS },
  });
  await eventually(() => consumer.received.length).toBe(5);
  const members = await memberIds(groupId);
  await sleep(2 * SHORT_SESSION_MS);
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

test.each([1, 2])("fetching pauses at the limit of bytes in flight, across %i partitions", async (partitions) => {
  const topic = await createTopic(partitions);
  await write(topic, partitions, 10, 400);
  await using consumer = await collect(uniqueName("group"), topic, { inFlightMaxBytes: 1_000 });
  // The record that reaches the limit is still delivered, and two partitions may reach it at once.
  const most = 2 + partitions;
  await eventually(() => consumer.received.length).toBeGreaterThanOrEqual(3);
  await sleep(300);
  expect(consumer.received.length).toBeLessThanOrEqual(most);
  for (let index = 0; index < 10 * partitions; index++) {
    await eventually(() => consumer.received.length).toBeGreaterThan(index);
    consumer.received[index]?.done();
    expect(consumer.consumption.inFlight).toBeLessThanOrEqual(most);
  }
});

test("when another consumer joins, records of kept partitions go on and lost partitions are revoked", async () => {
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
  // The first one may learn of the rebalance only after the second one has begun.
  await eventually(() => first.received.every(({ partition, revoked }) => revoked === (partition === lost))).toBe(true);

  // Finishing records of a lost partition moves no offset: neither forwards …
  finish(first.received, lost, 1, 2);
  finish(first.received, kept, 1);
  await eventually(async () => (await committedOffsets(groupId, topic))[kept]).toBe(2);
  expect((await committedOffsets(groupId, topic))[lost]).toBe(1);
  // … nor backwards.
  finish(second.received, lost, 1, 2, 3);
  await eventually(async () => (await committedOffsets(groupId, topic))[lost]).toBe(4);
  finish(first.received, lost, 3);
  finish(first.received, kept, 2, 3);
  await eventually(async () => (await committedOffsets(groupId, topic))[kept]).toBe(4);
  expect((await committedOffsets(groupId, topic))[lost]).toBe(4);
  expect(first.consumption.inFlight).toBe(0);

  // No record of the kept partition came twice, and new records go to their owners.
  await write(topic, 2, 1);
  await eventually(() => offsetsOf(first.received, kept)).toEqual([0, 1, 2, 3, 4]);
  await eventually(() => offsetsOf(second.received, lost)).toEqual([1, 2, 3, 4]);
  expect(offsetsOf(first.received, lost)).toEqual([0, 1, 2, 3]);
});

test("members that read different topics each get all of their own, and a part of the shared one", async () => {
  const [former, shared, latter] = [await createTopic(3), await createTopic(4), await createTopic(3)];
  const groupId = uniqueName("group");
  await using first = await collect(groupId, former, { topics: [former, shared] });
  await using second = await collect(groupId, latter, { topics: [shared, latter] });
  const assigned = ({ patience }: typeof first) =>
    patience.lines().findLast(({ action, status }) => action === "kafka.consume" && status === "ok")?.details
      ?.partitions;
  const five = expect.objectContaining({ length: 5 });
  await eventually(() => [assigned(first), assigned(second)]).toEqual([five, five]);
  await write(former, 3, 5);
  await write(latter, 3, 5);
  await write(shared, 4, 5);
  await eventually(() => first.received.length + second.received.length).toBe(50);
  const topicsOf = ({ received }: typeof first) => new Set(received.map(({ topic }) => topic));
  expect(topicsOf(first)).toEqual(new Set([former, shared]));
  expect(topicsOf(second)).toEqual(new Set([shared, latter]));
  expect([first, second].flatMap(({ received }) => received).some(({ revoked }) => revoked)).toBe(false);
});

test("a consumer takes over exactly the records that a member left uncommitted", async () => {
  const topic = await createTopic(4);
  const groupId = uniqueName("group");
  await write(topic, 4, 50);
  const first = await collect(groupId, topic);
  await using second = await collect(groupId, topic);
  await eventually(() => new Set([...first.received, ...second.received].map(({ partition }) => partition)).size).toBe(
    4,
  );
  for (const { received } of [first, second]) for (const record of received.slice(0, 30)) record.done();
  const kept = new Set(second.received.map(({ partition }) => partition));
  await first[Symbol.asyncDispose]();
  // The second one received its own uncommitted records in any case.
  const committed = (await committedOffsets(groupId, topic)).map((offset) => Math.max(0, offset));
  await eventually(() => {
    for (const record of second.received) record.done();
    return committedOffsets(groupId, topic);
  }).toEqual([50, 50, 50, 50]);
  for (const partition of [0, 1, 2, 3]) {
    const from = committed[partition] ?? 0;
    const offsets = offsetsOf(second.received, partition);
    if (!kept.has(partition)) expect(offsets[0]).toBe(from);
    expect(offsets).toEqual(expect.arrayContaining(Array.from({ length: 50 - from }, (_, index) => from + index)));
  }
});

test("after too many crashes at the start, records are delivered one by one, each with its own count", async () => {
  const topic = await createTopic(1);
  const groupId = uniqueName("group");
  await write(topic, 1, 3);
  const first = { topic, partition: 0, offset: 0 };
  // As processes do that crash: they begin attempts and end none.
  for (let crash = 0; crash < config.ATTEMPTS_MAX; crash++) {
    await attempts.begin(`${groupId}:start`, first);
    await attempts.begin(groupId, { ...first, offset: 1 });
  }
  await using consumer = await collect(groupId, topic);
  for (let count = 1; count <= 3; count++) {
    await eventually(() => consumer.received.length).toBe(count);
    await sleep(100);
    expect(consumer.received).toHaveLength(count);
    consumer.received.at(-1)?.done();
  }
  expect(consumer.received.map(({ attempts }) => attempts)).toEqual([1, config.ATTEMPTS_MAX + 1, 1]);
});
