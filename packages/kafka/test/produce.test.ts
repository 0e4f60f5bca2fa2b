import { CLOSED_PORT, eventually, kafkaThrough, startProxy, testPatience, uniqueName } from "@millrace/testbed";
import { afterAll, expect, test } from "vitest";
import { createKafka } from "../src/client.ts";
import { connectProducer } from "../src/produce.ts";
import { ensureTopics } from "../src/topics.ts";
import type { OutgoingRecord } from "../src/write.ts";
import { collect, config, createTopic, kafka, withAdmin } from "./support.ts";

const producer = await connectProducer(kafka, testPatience());
afterAll(() => producer[Symbol.asyncDispose]());

async function placed(topic: string, records: readonly OutgoingRecord[]) {
  const outcome = await producer.trySend(topic, records);
  if ("fault" in outcome) throw new Error(outcome.fault.cause);
  return outcome.value;
}

test("the returned placements of keyed, unkeyed and directed records are correct", async () => {
  const topic = await createTopic(4);
  const records = Array.from({ length: 200 }, (_, index): OutgoingRecord => {
    const value = Buffer.from(`value ${index}`);
    if (index % 3 === 0) return { key: Buffer.from(`key ${index % 7}`), value };
    return index % 3 === 1 ? { value } : { value, partition: index % 4 };
  });
  const placements = [
    ...(await placed(topic, records.slice(0, 120))),
    ...(await placed(topic, records.slice(120))),
  ].map(({ partition, offset }) => `${partition}-${offset}`);

  await using consumer = await collect(uniqueName("group"), topic);
  await eventually(() => consumer.received.length).toBe(200);
  const read = new Map(consumer.received.map((each) => [`${each.partition}-${each.offset}`, each.value?.toString()]));
  expect(placements.map((placement) => read.get(placement))).toEqual(records.map(({ value }) => value?.toString()));
  expect(new Set(placements.map((placement) => placement.split("-")[0])).size).toBe(4);
});

test("records with the same key go to the same partition", async () => {
  const topic = await createTopic(8);
  const record = { key: Buffer.from("customer 7"), value: Buffer.from("text") };
  const placements = [...(await placed(topic, [record, record])), ...(await placed(topic, [record]))];
  expect(new Set(placements.map(({ partition }) => partition)).size).toBe(1);
  expect(placements.map(({ offset }) => offset)).toEqual([0, 1, 2]);
});

test("keys, values, tombstones and headers read back as written, whatever a header's name", async () => {
  const topic = await createTopic(1);
  const headers: [string, Buffer][] = [
    ["trace", Buffer.from([0, 255, 10])],
    ["repeated", Buffer.from("one")],
    ["repeated", Buffer.from("two")],
    ["empty", Buffer.alloc(0)],
    ["constructor", Buffer.from("a name that every object has")],
    ["__proto__", Buffer.from("another")],
  ];
  await placed(topic, [
    { key: Buffer.from([0, 1, 254]), value: Buffer.from([9, 0, 200]), headers },
    { key: null, value: null },
  ]);
  await using consumer = await collect(uniqueName("group"), topic);
  await eventually(() => consumer.received.length).toBe(2);
  const [first, tombstone] = consumer.received;
  expect(first).toMatchObject({ key: Buffer.from([0, 1, 254]), value: Buffer.from([9, 0, 200]) });
  expect(first?.headers).toEqual(headers);
  expect(tombstone).toMatchObject({ key: null, value: null, headers: [] });
});

const MEBIBYTE = 1_048_576;

test("many records of any size go to one partition in order, except one that is too large alone", {
  timeout: 120_000,
}, async () => {
  const topic = uniqueName("topic");
  await ensureTopics(kafka, [{ topic, partitions: 1, maxMessageBytes: 2 * MEBIBYTE }], 1, testPatience());
  const large = Buffer.alloc(MEBIBYTE, "x");
  const tooLarge = { value: Buffer.alloc(3 * MEBIBYTE), key: Buffer.from("too large") };
  const records = Array.from({ length: 500 }, (_, index) => ({ value: large, key: Buffer.from(String(index)) }));
  // A separate producer, since kafkajs keeps asking for every topic that a producer has used.
  await using own = await connectProducer(kafka, testPatience());
  const { refused } = await own.send(topic, [...records.slice(0, 100), tooLarge, ...records.slice(100)]);
  expect(refused).toEqual([
    { item: tooLarge, fault: { kind: "poison", code: "too_long", cause: expect.stringContaining(topic) } },
  ]);
  const last = await own.trySend(topic, [{ value: Buffer.from("last") }]);
  expect(last).toEqual({ value: [{ partition: 0, offset: 500 }] });
  await withAdmin(kafka, (admin) => admin.deleteTopics({ topics: [topic] }));
});

test("a topic with a lower limit than a request gets its records in smaller requests", async () => {
  const topic = uniqueName("topic");
  await ensureTopics(kafka, [{ topic, partitions: 2, maxMessageBytes: 1_000 }], 1, testPatience());
  const records = Array.from({ length: 60 }, (_, index) => ({
    value: Buffer.from(String(index).padEnd(index === 30 ? 1_100 : 100)),
    partition: index % 2,
  }));
  expect((await producer.send(topic, records)).refused.map(({ item }) => item)).toEqual([records[30]]);
  await using consumer = await collect(uniqueName("group"), topic);
  const orderOf = (partition: number) =>
    consumer.received.filter((each) => each.partition === partition).map(({ value }) => Number(value));
  // Records of the partition that was not refused are written again.
  const firstOf = (partition: number) => [...new Set(orderOf(partition))];
  await eventually(() => [firstOf(0).length, firstOf(1).length]).toEqual([29, 30]);
  expect(firstOf(0)).toEqual(firstOf(0).toSorted((left, right) => left - right));
  expect(firstOf(1)).toEqual(firstOf(1).toSorted((left, right) => left - right));
});

test("a record that is larger than the topic's segments is refused as too long, and the others are written", async () => {
  const topic = uniqueName("topic");
  const admin = kafka.admin();
  await admin.connect();
  // The broker answers RECORD_LIST_TOO_LARGE, and not MESSAGE_TOO_LARGE.
  const configEntries = [
    { name: "max.message.bytes", value: String(4 * MEBIBYTE) },
    { name: "segment.bytes", value: String(MEBIBYTE) },
  ];
  await admin.createTopics({ topics: [{ topic, numPartitions: 1, configEntries }], waitForLeaders: true });
  await admin.disconnect();
  const [first, tooLarge, last] = [100, 1.5 * MEBIBYTE, 100].map((bytes) => ({ value: Buffer.alloc(bytes, "x") }));
  if (!first || !tooLarge || !last) throw new Error("three records");
  expect((await producer.send(topic, [first, tooLarge, last])).refused).toEqual([
    { item: tooLarge, fault: { kind: "poison", code: "too_long", cause: expect.stringContaining(topic) } },
  ]);
  expect(await placed(topic, [{ value: Buffer.from("after") }])).toEqual([{ partition: 0, offset: 2 }]);
});

test("the fault names a missing topic, and sending succeeds once it is created", async () => {
  const topic = uniqueName("missing");
  const outcome = await producer.trySend(topic, [{ value: Buffer.from("text") }]);
  expect(outcome).toMatchObject({ fault: { kind: "retryable", code: "misconfigured" } });
  expect("fault" in outcome && outcome.fault.cause).toContain(topic);

  await createTopic(1, topic);
  await producer.send(topic, [{ value: Buffer.from("text") }]);
  expect(await placed(topic, [{ value: Buffer.from("text") }])).toEqual([{ partition: 0, offset: 1 }]);
});

test("without a broker, connecting retries visibly until the process must end", async () => {
  const settings = { ...config, KAFKA_BOOTSTRAP_SERVERS: [`127.0.0.1:${CLOSED_PORT}`] };
  const hardStop = new AbortController();
  const patience = testPatience(hardStop.signal);
  const connecting = connectProducer(createKafka(settings, "test", patience.log), patience);
  const rejected = expect(connecting).rejects.toThrow(/abort/i);
  await eventually(() => patience.health.dependencies["kafka.produce"]?.state).toBe("waiting");
  expect(patience.health.dependencies["kafka.produce"]?.cause).toMatch(/ECONNREFUSED|[Cc]onnection/);
  hardStop.abort();
  await rejected;
});

test("the memory of records may be used again once the broker answered their only request", async () => {
  const topic = await createTopic(2);
  const records = [0, 1].map((partition) => ({ value: Buffer.alloc(10_000, partition), partition }));
  expect(await producer.send(topic, records)).toEqual({ refused: [], reusable: true });
});

test("the memory of records that were sent again is not used again: a socket may still hold the first request", async () => {
  const topic = await createTopic(1);
  await using proxy = await startProxy(Number(config.KAFKA_BOOTSTRAP_SERVERS[0]?.split(":")[1]));
  await using through = await connectProducer(kafkaThrough(proxy.port), testPatience());
  expect(await through.send(topic, [{ value: Buffer.from("before") }])).toMatchObject({ reusable: true });
  proxy.mode = "cut";
  const sending = through.send(topic, [{ value: Buffer.alloc(10_000) }]);
  await new Promise((resolve) => setTimeout(resolve, 500));
  proxy.mode = "pass";
  expect(await sending).toEqual({ refused: [], reusable: false });
});
