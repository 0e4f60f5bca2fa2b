import fc from "fast-check";
import { expect, test } from "vitest";
import { documentIds } from "./document-id.ts";

const message = fc.record({
  topic: fc.stringMatching(/^[a-zA-Z0-9._-]{1,20}$/),
  partition: fc.nat(3),
  offset: fc.nat(100),
  key: fc
    .oneof(fc.uint8Array({ maxLength: 4 }), fc.uint8Array({ minLength: 100, maxLength: 300 }))
    .map((key) => Buffer.from(key)),
});

test("by offset: one document per message, never shared by two", () => {
  fc.assert(
    fc.property(message, message, (one, other) => {
      const same = one.topic === other.topic && one.partition === other.partition && one.offset === other.offset;
      expect(documentIds.offset(one) === documentIds.offset(other)).toBe(same);
    }),
  );
});

test("by key: one document per key of a topic, for any bytes, within OpenSearch's 512 bytes", () => {
  fc.assert(
    fc.property(message, message, (one, other) => {
      const same = one.topic === other.topic && one.key.equals(other.key);
      expect(documentIds.key(one) === documentIds.key(other)).toBe(same);
      expect(Buffer.byteLength(documentIds.key({ ...one, topic: "t".repeat(249) }))).toBeLessThanOrEqual(512);
    }),
  );
});
