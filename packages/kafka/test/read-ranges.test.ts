import { setTimeout as sleep } from "node:timers/promises";
import { CLOSED_PORT, eventually, testPatience, uniqueName } from "@millrace/testbed";
import { afterAll, expect, test } from "vitest";
import { createKafka } from "../src/client.ts";
import { readRanges } from "../src/read.ts";
import { type OffsetRange, ReadFailed } from "../src/read-record.ts";
import { createTopicReader } from "../src/topic-reader.ts";
import { config, createTopic, kafka, openWriter } from "./support.ts";

const reader = createTopicReader(kafka);
const admin = kafka.admin();
await admin.connect();
const write = await openWriter();
afterAll(async () => {
  await reader[Symbol.asyncDispose]();
  await admin.disconnect();
});

async function offsetsOf(topic: string, ranges: readonly OffsetRange[]): Promise<number[]> {
  const offsets: number[] = [];
  for await (const { offset } of readRanges(reader, topic, ranges)) offsets.push(offset);
  return offsets;
}

const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => from + index);

/** Writes records in a transaction that stays open until the returned function ends it. */
async function transact(topic: string, count: number) {
  const producer = kafka.producer({ transactionalId: uniqueName("transaction"), maxInFlightRequests: 1 });
  await producer.connect();
  const transaction = await producer.transaction();
  await transaction.send({ topic, messages: numbers(0, count).map((each) => ({ value: `${each}`, partition: 0 })) });
  return async (how: "commit" | "abort"): Promise<void> => {
    await transaction[how]();
    await producer.disconnect();
  };
}

/** The members of all consumer groups that subscribe to the topic. */
async function membersThatRead(topic: string): Promise<string[]> {
  const { groups } = await admin.listGroups();
  const described = await admin.describeGroups(groups.map(({ groupId }) => groupId));
  const members = described.groups.flatMap((group) => group.members);
  return members.filter(({ memberMetadata }) => memberMetadata.includes(topic)).map(({ memberId }) => memberId);
}

test("each record of each range is read once, in its partition's order, over many fetches, without a consumer group", async () => {
  const topic = await createTopic(3);
  await write(topic, 3, 300, 10_000);
  const ranges = [
    { partition: 0, from: 0, to: 300 },
    { partition: 1, from: 7, to: 299 },
    { partition: 2, from: 300, to: 300 },
  ];
  const places: [number, number][] = [];
  for await (const { partition, offset } of readRanges(reader, topic, ranges)) {
    if (places.length === 150) expect(await membersThatRead(topic)).toEqual([]);
    places.push([partition, offset]);
  }
  expect(places).toEqual([
    ...numbers(0, 300).map((offset) => [0, offset]),
    ...numbers(7, 299).map((offset) => [1, offset]),
  ]);
});

test("a range may end with offsets that hold no record: markers and aborted records", async () => {
  const topic = await createTopic(1);
  await (await transact(topic, 3))("commit");
  await (await transact(topic, 2))("abort");
  // Three records and their marker, two aborted ones and theirs, which the broker writes soon after its response.
  const ranges = [{ partition: 0, from: 0, to: 7 }];
  await eventually(() => reader.ranges(topic)).toEqual(ranges);
  expect(await offsetsOf(topic, ranges)).toEqual([0, 1, 2]);
  expect(await offsetsOf(topic, [{ partition: 0, from: 3, to: 4 }])).toEqual([]);
});

test("records of an open transaction are neither read nor waited for", async () => {
  const topic = await createTopic(1);
  await write(topic, 1, 2);
  const end = await transact(topic, 3);
  const ranges = (await reader.ranges(topic)) ?? [];
  expect(ranges).toEqual([{ partition: 0, from: 0, to: 2 }]);
  expect(await offsetsOf(topic, ranges)).toEqual([0, 1]);
  await end("abort");
});

test("offsets without records after compaction are skipped, whole batches too", async () => {
  const topic = uniqueName("compacted");
  const eager = { "segment.ms": "10", "min.cleanable.dirty.ratio": "0.01", "max.compaction.lag.ms": "100" };
  const configEntries = Object.entries({ "cleanup.policy": "compact", ...eager });
  await admin.createTopics({
    waitForLeaders: true,
    topics: [{ topic, numPartitions: 1, configEntries: configEntries.map(([name, value]) => ({ name, value })) }],
  });
  // The broker keeps the empty last batch of an idempotent producer, for its sequence number.
  for (let round = 0; round < 4; round++) {
    const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 });
    await producer.connect();
    await producer.send({ topic, messages: numbers(0, 5).map((each) => ({ key: `${each}`, value: `${round}` })) });
    await producer.disconnect();
    await sleep(50);
  }
  const ranges = (await reader.ranges(topic)) ?? [];
  expect(ranges).toEqual([{ partition: 0, from: 0, to: 20 }]);
  // The last round is in the active segment, which is not compacted.
  await eventually(() => offsetsOf(topic, ranges), 90_000).toEqual(numbers(10, 20));
  const [shell] = await reader.fetch(topic, new Map([[0, 0]]), { maxBytes: 1, maxWaitMs: 100 });
  expect(shell).toEqual({ partition: 0, records: [], nextOffset: 1 });
}, 120_000);

test("records deleted before they were read are an error, and not skipped", async () => {
  const topic = await createTopic(1);
  await write(topic, 1, 10);
  const ranges = (await reader.ranges(topic)) ?? [];
  // kafkajs knows the leaders of a topic only after a request for it.
  await admin.fetchTopicOffsets(topic);
  await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: "4" }] });
  const reading = offsetsOf(topic, ranges);
  await expect(reading).rejects.toBeInstanceOf(ReadFailed);
  await expect(reading).rejects.toThrow(/lost the records from offset 0 on/);
  expect(await offsetsOf(topic, (await reader.ranges(topic)) ?? [])).toEqual(numbers(4, 10));
});

test("reading fails if the topic ends before the range, or has no such partition", async () => {
  const topic = await createTopic(1);
  await write(topic, 1, 2);
  await expect(offsetsOf(topic, [{ partition: 0, from: 0, to: 3 }])).rejects.toThrow(/from offset 2 on/);
  await expect(offsetsOf(topic, [{ partition: 5, from: 0, to: 3 }])).rejects.toThrow(/no partition 5/);
  await expect(offsetsOf(uniqueName("missing"), [{ partition: 0, from: 0, to: 3 }])).rejects.toBeInstanceOf(ReadFailed);
});

test("reading fails while the brokers are away, and says why", async () => {
  const servers = [`127.0.0.1:${CLOSED_PORT}`];
  const away = createKafka({ ...config, KAFKA_BOOTSTRAP_SERVERS: servers }, "test", testPatience().log);
  await using nowhere = createTopicReader(away);
  const reading = readRanges(nowhere, "any", [{ partition: 0, from: 0, to: 1 }]).next();
  await expect(reading).rejects.toThrow(/any-0 could not be read from offset 0 on .*ECONNREFUSED/);
});

test("an aborted signal ends the reading, between records and during a wait", async () => {
  const topic = await createTopic(1);
  await write(topic, 1, 3);
  const stop = new AbortController();
  const reading = readRanges(reader, topic, [{ partition: 0, from: 0, to: 100 }], stop.signal);
  expect((await reading.next()).value).toMatchObject({ offset: 0 });
  await reading.next();
  await reading.next();
  const waiting = reading.next();
  stop.abort(new Error("enough"));
  await expect(waiting).rejects.toThrow("enough");
  await expect(readRanges(reader, topic, [{ partition: 0, from: 0, to: 3 }], stop.signal).next()).rejects.toThrow(
    "enough",
  );
});
