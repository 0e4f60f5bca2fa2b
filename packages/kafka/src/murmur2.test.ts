import fc from "fast-check";
import kafkajs from "kafkajs";
import { expect, test } from "vitest";
import { partitionOfKey } from "./murmur2.ts";

test("chooses the same partition as Kafka's default partitioner", () => {
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

test("hashes a key of megabytes in no time", () => {
  expect(partitionOfKey(Buffer.alloc(8_388_608, "x"), 8)).toBeLessThan(8);
});
