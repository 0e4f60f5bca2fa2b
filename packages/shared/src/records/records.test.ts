import fc from "fast-check";
import { expect, test } from "vitest";
import { poisonCodes } from "../fault.ts";
import { SpareMemory } from "../spare-memory.ts";
import { decodeBatch, encodeBatch, encodedSize } from "./batch.ts";
import { RecordError } from "./bytes.ts";
import { type DeadLetter, deadLetterHeaders, fitDeadLetter, parseDeadLetter } from "./dead-letter.ts";
import { isTombstone, type Message, messageId, parseMessageId } from "./message.ts";
import { recordSize } from "./record-size.ts";
import { decodeVectors, encodeVectors, VectorsRecord } from "./vectors.ts";

const bytes = fc.uint8Array({ maxLength: 60 }).map((array) => Buffer.from(array));
const topic = fc.stringMatching(/^[a-zA-Z0-9._-]{1,30}$/);
const origin = fc.record({
  topic,
  partition: fc.nat(2 ** 31 - 1),
  offset: fc.maxSafeNat(),
  timestampMs: fc.nat(2 ** 42),
});
const headers = fc.array(fc.tuple(fc.string({ maxLength: 20 }), fc.option(bytes)), { maxLength: 4 });
const text = fc.string({ unit: "grapheme", maxLength: 60 }).map((string) => Buffer.from(string.toWellFormed()));

const message: fc.Arbitrary<Message> = fc
  .record({ origin, key: fc.option(bytes), headers, text, value: fc.option(bytes) })
  .map(({ origin: place, value, ...rest }) => ({ ...place, ...rest, value: value ?? rest.text }));
const tombstone: fc.Arbitrary<Message> = fc
  .record({ origin, key: fc.option(bytes), headers })
  .map(({ origin: place, ...rest }) => ({ ...place, ...rest, value: null, text: Buffer.alloc(0) }));
const messages = fc.array(fc.oneof({ weight: 4, arbitrary: message }, tombstone), { maxLength: 20 });

test("a batch record gives back what was put in", () => {
  fc.assert(
    fc.property(messages, (batch) => {
      expect(decodeBatch(encodeBatch(batch))).toEqual(batch);
    }),
    { numRuns: 300 },
  );
});

test("the size that packing counts is the size that is written", () => {
  fc.assert(
    fc.property(fc.array(message, { minLength: 1, maxLength: 10 }), (batch) => {
      const names = new Set(batch.map((each) => each.topic));
      const envelope = 8 + [...names].reduce((sum, name) => sum + 2 + name.length, 0);
      expect(encodeBatch(batch).length).toBe(batch.reduce((sum, each) => sum + encodedSize(each), envelope));
    }),
    { numRuns: 100 },
  );
});

test("a vectors record gives back the batch and every bit of the vectors", () => {
  // Memory of earlier records, with what they left in it.
  const spare = new SpareMemory();
  fc.assert(
    fc.property(messages, fc.integer({ min: 1, max: 8 }), fc.string({ maxLength: 400 }), (batch, dimensions, model) => {
      const rows = batch.filter((each) => !isTombstone(each)).length;
      const vectors = Float32Array.from({ length: rows * dimensions }, (_, i) => Math.sin(i) * 10 ** ((i % 60) - 30));
      const record = encodeVectors(model.toWellFormed(), dimensions, encodeBatch(batch), vectors);
      const inPlace = new VectorsRecord(encodeBatch(batch), spare);
      const memory = inPlace.allocate(vectors.length);
      memory.set(vectors);
      expect(inPlace.encode(model.toWellFormed(), dimensions, memory)).toEqual(record);
      inPlace.release();
      // Kafka hands records out at any alignment.
      const unaligned = Buffer.concat([Buffer.from([0]), record]).subarray(1);
      expect(decodeVectors(unaligned)).toEqual({
        model: model.toWellFormed(),
        dimensions,
        messages: batch,
        vectors: Buffer.from(vectors.buffer),
      });
    }),
    { numRuns: 200 },
  );
});

test("damaged records are refused with a RecordError, never read wrongly or without end", () => {
  const sample = encodeVectors("m", 2, encodeBatch(fc.sample(message, { numRuns: 5, seed: 1 })), new Float32Array(10));
  const damage = fc.oneof(
    fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array)),
    fc.nat(sample.length - 1).map((length) => sample.subarray(0, length)),
    fc.tuple(fc.nat(27), fc.nat(255)).map(([position, value]) => {
      const copy = Buffer.from(sample);
      copy[position] = value;
      return copy;
    }),
  );
  fc.assert(
    fc.property(damage, (record) => {
      for (const decode of [decodeBatch, decodeVectors]) {
        try {
          decode(record);
        } catch (error) {
          expect(error).toBeInstanceOf(RecordError);
        }
      }
    }),
    { numRuns: 3_000 },
  );
});

test("a message's identity is injective", () => {
  fc.assert(
    fc.property(origin, (place) => {
      const { timestampMs: _, ...identity } = place;
      expect(parseMessageId(messageId(place))).toEqual(identity);
    }),
  );
  expect(parseMessageId("no-identity")).toBeUndefined();
  expect(parseMessageId("a/b-1-2")).toBeUndefined();
});

const letter: fc.Arbitrary<DeadLetter> = fc.record({
  origin,
  key: fc.option(bytes),
  value: fc.option(bytes),
  headers,
  fault: fc.record({
    kind: fc.constant("poison" as const),
    code: fc.constantFrom(...poisonCodes),
    cause: fc.string().map((cause) => cause.toWellFormed()),
  }),
  stage: fc.constantFrom("ingest", "embed", "sink"),
  attempts: fc.nat(1_000),
  failedAt: fc.constant("2026-01-01T00:00:00.000Z"),
});

test("a dead letter that is too large keeps what fits, and says so; another stays as it is", () => {
  fc.assert(
    fc.property(letter, fc.integer({ min: 36, max: 400 }), (given, maxBytes) => {
      const fitted = fitDeadLetter(given, maxBytes);
      expect(recordSize(fitted)).toBeLessThanOrEqual(maxBytes);
      if (recordSize(given) <= maxBytes) expect(fitted).toBe(given);
      else expect(fitted.fault.cause).toBe(`${given.fault.cause}; its dead letter lacks ${fitted.cut}`);
      // The key, the headers and the value, in this order, each whole where there is room; of the value what fits.
      const key = given.key && recordSize({ key: given.key }) <= maxBytes ? given.key : null;
      const headers = recordSize({ key, headers: given.headers }) <= maxBytes ? given.headers : [];
      const room = maxBytes - recordSize({ key, headers });
      expect(fitted).toMatchObject({ key, headers, value: given.value?.subarray(0, room) ?? null });
      expect(parseDeadLetter(fitted.key, fitted.value, deadLetterHeaders(fitted))).toEqual(fitted);
    }),
    { numRuns: 1_000 },
  );
});

test("a dead letter gives back the original key, value and headers, and why it was given up", () => {
  fc.assert(
    fc.property(letter, (given) => {
      expect(parseDeadLetter(given.key, given.value, deadLetterHeaders(given))).toEqual(given);
    }),
  );
  expect(() => parseDeadLetter(null, null, [])).toThrow(RecordError);
});
