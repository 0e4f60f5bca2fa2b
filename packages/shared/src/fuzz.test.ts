import fc from "fast-check";
import { test } from "vitest";
import { decodeBatch, encodeBatch } from "./records/batch.ts";
import { RecordError } from "./records/bytes.ts";
import { parseDeadLetter } from "./records/dead-letter.ts";
import { decodeVectors, encodeVectors } from "./records/vectors.ts";

const message = { topic: "t", partition: 1, offset: 2, timestampMs: 3, headers: [["h", Buffer.from("v")]] as const };
const sample = encodeBatch([
  { ...message, key: Buffer.from("k"), value: Buffer.from("text"), text: Buffer.from("text") },
  { ...message, key: null, value: null, text: Buffer.alloc(0) },
  { ...message, key: null, value: Buffer.from('{"a":"b"}'), text: Buffer.from("b") },
]);
const records = [sample, encodeVectors("model", 3, sample, new Float32Array(6))];

/** Bytes from nowhere, and real records that were cut, overwritten or lengthened anywhere. */
const damaged = fc.oneof(
  fc.uint8Array({ maxLength: 300 }),
  fc
    .tuple(
      fc.constantFrom(...records),
      fc.array(fc.tuple(fc.nat(400), fc.nat(255)), { maxLength: 6 }),
      fc.nat(400),
      fc.uint8Array({ maxLength: 8 }),
    )
    .map(([record, changes, length, tail]) => {
      const copy = Buffer.concat([record.subarray(0, Math.max(8, length)), tail]);
      for (const [position, value] of changes) if (position < copy.length) copy[position] = value;
      return copy;
    }),
);

test("30,000 damaged records, through both codecs: each is read or refused with a RecordError", () => {
  fc.assert(
    fc.property(damaged, (bytes) => {
      const record = Buffer.from(bytes);
      for (const decode of [decodeBatch, decodeVectors]) expectOnly(RecordError, () => decode(record));
    }),
    { numRuns: 30_000 },
  );
});

test("10,000 header sets: each is a dead letter or refused with a RecordError", () => {
  const name = fc.oneof(
    fc
      .constantFrom("topic", "partition", "offset", "timestamp", "code", "stage", "attempts", "failed-at", "cause")
      .map((fact) => `millrace-dead-letter-${fact}`),
    fc.string(),
  );
  const value = fc.option(
    fc.oneof(fc.constantFrom("1", "-1", "NaN", "9e99", ""), fc.string()).map((text) => Buffer.from(text)),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(name, value), { maxLength: 14 }), (headers) => {
      expectOnly(RecordError, () => parseDeadLetter(null, null, headers));
    }),
    { numRuns: 10_000 },
  );
});

/** The error that was thrown, of the expected class, or nothing. */
function expectOnly<Expected extends Error>(
  expected: new (...given: never[]) => Expected,
  run: () => unknown,
): Expected | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    if (error instanceof expected) return error;
    throw error;
  }
}
