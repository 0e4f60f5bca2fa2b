import kafkajs from "kafkajs";
import { expect, test } from "vitest";
import { collect, createTopic, eventually, kafka, uniqueName } from "./support.ts";

const { CompressionTypes } = kafkajs;

test.each(["None", "GZIP", "Snappy", "LZ4", "ZSTD"] as const)(
  "records that their writer compressed with %s are read back equal",
  async (compression) => {
    const topic = await createTopic(1);
    const values = [
      ...Array.from({ length: 500 }, (_, index) => Buffer.from(`the same words in record ${index} `.repeat(20))),
      Buffer.alloc(0),
      Buffer.from(Array.from({ length: 100_000 }, (_, index) => (index * index * 31) % 251)),
    ];
    const writer = kafka.producer();
    await writer.connect();
    try {
      const messages = values.map((value, index) => ({ key: String(index), value, headers: { index: String(index) } }));
      await writer.send({ topic, compression: CompressionTypes[compression], messages });
    } finally {
      await writer.disconnect();
    }

    await using consumer = await collect(uniqueName("group"), topic);
    await eventually(() => consumer.received.length).toBe(values.length);
    consumer.received.forEach((record, index) => {
      expect(record.value?.equals(values[index] ?? Buffer.alloc(1)), `record ${index}`).toBe(true);
      expect(record.key?.toString()).toBe(String(index));
      expect(record.headers).toEqual([["index", Buffer.from(String(index))]]);
    });
  },
);
