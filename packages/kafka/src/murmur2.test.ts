import fc from "fast-check";
import kafkajs from "kafkajs";
import { expect, test } from "vitest";
import { partitionOfKey } from "./murmur2.ts";

test("a key has the partition that Kafka's default partitioner gives it", () => {
  const choose = kafkajs.Partitioners.DefaultPartitioner();
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.integer({ min: 1, max: 1_000 }), (bytes, partitions) => {
      const key = Buffer.from(bytes);
      const partitionMetadata = Array.from({ length: partitions }, (_, partitionId) => ({
        ...{ partitionId, leader: 0, replicas: [0], isr: [0], partitionErrorCode: 0 },
      }));
      const expected = choose({ topic: "t", partitionMetadata, message: { key, value: null } });
      expect(partitionOfKey(key, partitions)).toBe(expected);
    }),
    { numRuns: 1_000 },
  );
});

test("a key of megabytes is as good as any", () => {
  expect(partitionOfKey(Buffer.alloc(8_388_608, "x"), 8)).toBeLessThan(8);
});
