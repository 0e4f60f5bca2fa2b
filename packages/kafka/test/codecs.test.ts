import { eventually, uniqueName } from "@millrace/testbed";
import kafkajs, { type CompressionTypes } from "kafkajs";
import { expect, test } from "vitest";
import { collect, createTopic, kafka, withAdmin } from "./support.ts";

const values = [
  ...Array.from({ length: 500 }, (_, index) => Buffer.from(`the same words in record ${index} `.repeat(20))),
  Buffer.alloc(0),
  Buffer.from(Array.from({ length: 100_000 }, (_, index) => (index * index * 31) % 251)),
];

async function write(topic: string, compression?: CompressionTypes): Promise<void> {
  // On a busy machine not every broker thread knows a new topic at once.
  const writer = kafka.producer({ allowAutoTopicCreation: false, retry: { retries: 10 } });
  await writer.connect();
  try {
    const messages = values.map((value, index) => ({ key: String(index), value, headers: { index: String(index) } }));
    await writer.send({ topic, messages, ...(compression !== undefined && { compression }) });
  } finally {
    await writer.disconnect();
  }
}

async function expectReadBack(topic: string): Promise<void> {
  await using consumer = await collect(uniqueName("group"), topic);
  await eventually(() => consumer.received.length).toBe(values.length);
  consumer.received.forEach((record, index) => {
    expect(record.value?.equals(values[index] ?? Buffer.alloc(1)), `record ${index}`).toBe(true);
    expect(record.key?.toString()).toBe(String(index));
    expect(record.headers).toEqual([["index", Buffer.from(String(index))]]);
  });
}

test.each(["None", "GZIP", "Snappy", "ZSTD"] as const)("reads what kafkajs wrote with %s", async (compression) => {
  const topic = await createTopic(1);
  await write(topic, kafkajs.CompressionTypes[compression]);
  await expectReadBack(topic);
});

// The broker recompresses with Kafka's own library: most source topics have its frames and blocks.
test.each(["gzip", "snappy", "lz4", "zstd"])("reads what Kafka's own library wrote with %s", async (compression) => {
  const topic = uniqueName("topic");
  const configEntries = [{ name: "compression.type", value: compression }];
  await withAdmin(kafka, (admin) =>
    admin.createTopics({ topics: [{ topic, numPartitions: 1, configEntries }], waitForLeaders: true }),
  );
  await write(topic);
  await expectReadBack(topic);
});
