import { CLOSED_PORT, testPatience, uniqueName } from "@millrace/testbed";
import { afterAll, expect, test } from "vitest";
import { createKafka } from "../src/client.ts";
import { createTopicReader } from "../src/topic-reader.ts";
import { config, createTopic, kafka, openWriter } from "./support.ts";

const reader = createTopicReader(kafka);
afterAll(() => reader[Symbol.asyncDispose]());
const write = await openWriter();

const limits = { maxBytes: 1_000, maxWaitMs: 100 };

/** All records from the given offsets on, fetch after fetch, as `partition-offset`. */
async function readAll(topic: string, from: ReadonlyMap<number, number>): Promise<string[]> {
  const offsets = new Map(from);
  const places: string[] = [];
  for (;;) {
    const fetched = await reader.fetch(topic, offsets, limits);
    if (fetched.every(({ records }) => records.length === 0)) return places;
    for (const { partition, records, nextOffset } of fetched) {
      places.push(...records.map(({ offset }) => `${partition}-${offset}`));
      offsets.set(partition, nextOffset);
    }
  }
}

test("each record from an offset on is read once, in its partition's order, in fetches of bounded size", async () => {
  const topic = await createTopic(3);
  await write(topic, 3, 100);
  const ranges = await reader.ranges(topic);
  expect(ranges).toEqual([0, 1, 2].map((partition) => ({ partition, from: 0, to: 100 })));
  const places = await readAll(
    topic,
    new Map([
      [0, 0],
      [1, 40],
      [2, 99],
    ]),
  );
  const expected = (partition: number, from: number) =>
    Array.from({ length: 100 - from }, (_, index) => `${partition}-${from + index}`);
  const of = (partition: number) => places.filter((place) => place.startsWith(`${partition}-`));
  expect([of(0), of(1), of(2)]).toEqual([expected(0, 0), expected(1, 40), expected(2, 99)]);
});

test("a fetch waits for new records", async () => {
  const topic = await createTopic(1);
  const fetching = reader.fetch(topic, new Map([[0, 0]]), { maxBytes: 1_000, maxWaitMs: 10_000 });
  await write(topic, 1, 1);
  const [fetched] = await fetching;
  expect(fetched).toMatchObject({ partition: 0, nextOffset: 1, records: [{ topic, partition: 0, offset: 0 }] });
});

test("ranges begin at a time, and are empty if no record is that young", async () => {
  const topic = await createTopic(1);
  await write(topic, 1, 1);
  await new Promise((resolve) => setTimeout(resolve, 20));
  const middleMs = Date.now();
  await write(topic, 1, 2);
  expect(await reader.ranges(topic, middleMs)).toEqual([{ partition: 0, from: 1, to: 3 }]);
  expect(await reader.ranges(topic, Date.now() + 60_000)).toEqual([{ partition: 0, from: 3, to: 3 }]);
});

test("a missing topic has no ranges, disturbs no other, and is found once it exists", async () => {
  const topic = uniqueName("later");
  expect(await reader.ranges(topic)).toBeUndefined();
  const other = await createTopic(1);
  expect(await reader.ranges(other)).toHaveLength(1);
  await createTopic(2, topic);
  expect(await reader.ranges(topic)).toHaveLength(2);
});

test("a fetch at an unknown offset rejects, and the reader goes on", async () => {
  const topic = await createTopic(1);
  await expect(reader.fetch(topic, new Map([[0, 7]]), limits)).rejects.toThrow(/offset/);
  expect(await reader.fetch(topic, new Map([[0, 0]]), limits)).toEqual([{ partition: 0, records: [], nextOffset: 0 }]);
});

test("calls overlap, and one that rejects disturbs no other", async () => {
  const topics = await Promise.all([1, 2, 3, 4].map((partitions) => createTopic(partitions)));
  const [topic = ""] = topics;
  await write(topic, 1, 5);
  await using fresh = createTopicReader(kafka);
  for (let round = 0; round < 5; round++) {
    const refused = fresh.fetch(topic, new Map([[0, 7]]), limits);
    const missing = fresh.ranges(uniqueName("missing"));
    const all = Promise.all([
      fresh.fetch(topic, new Map([[0, 0]]), limits),
      ...topics.map((each) => fresh.ranges(each)),
      fresh.fetch(topic, new Map([[0, 4]]), limits),
    ]);
    await expect(refused).rejects.toThrow(/offset/);
    expect(await missing).toBeUndefined();
    const answers = await all;
    expect(answers.map((answer) => answer?.length)).toEqual([1, 1, 2, 3, 4, 1]);
  }
});

test("rejects while the brokers are away", async () => {
  const away = createKafka(
    { ...config, KAFKA_BOOTSTRAP_SERVERS: [`127.0.0.1:${CLOSED_PORT}`] },
    "test",
    testPatience().log,
  );
  await using nowhere = createTopicReader(away);
  await expect(nowhere.ranges("any")).rejects.toThrow();
});
