import type { OutgoingRecord, RecordProducer } from "@millrace/kafka";
import { Log, poison, type Undeliverable } from "@millrace/shared";
import { expect, test } from "vitest";
import { createDeadLetters } from "./dead-letters.ts";

const log = new Log("test", { level: "fatal" });
const tracker = { reached: () => undefined, flush: async () => undefined, progress: async () => undefined };

/** A topic that takes records whose values have at most so many bytes. */
function openTopic(maxBytes: number) {
  const taken: OutgoingRecord[] = [];
  const sends: number[] = [];
  const producer: RecordProducer = {
    trySend: () => Promise.reject(new Error("dead letters are sent for good")),
    async send(_topic, records) {
      sends.push(records.length);
      const isTaken = ({ value }: OutgoingRecord): boolean => (value?.length ?? 0) <= maxBytes;
      taken.push(...records.filter(isTaken));
      const refused = records.filter((record) => !isTaken(record));
      return {
        refused: refused.map((item) => ({ item, fault: poison("too_long", "the topic takes less") })),
        reusable: true,
      };
    },
    [Symbol.asyncDispose]: async () => undefined,
  };
  return { producer, taken, sends };
}

function failure(offset: number, bytes: number) {
  const origin = { topic: "messages", partition: 0, offset, timestampMs: 1 };
  const item: Undeliverable = { ...origin, key: null, value: Buffer.alloc(bytes, "x"), headers: [] };
  return { item, fault: poison("too_long", "it is too long") };
}

test("only the letters that their topic refused are written again, shorter", async () => {
  const { producer, taken, sends } = openTopic(300);
  const letters = createDeadLetters("ingest", "dead-letters", 1_000, { producer, tracker, log });
  await letters.send([failure(0, 10), failure(1, 900), failure(2, 20), failure(3, 400)]);
  const offsetOf = ({ headers = [] }: OutgoingRecord): string =>
    String(headers.find(([name]) => name === "millrace-dead-letter-offset")?.[1]);
  expect(taken.map((record) => [offsetOf(record), record.value?.length])).toEqual([
    ["0", 10],
    ["2", 20],
    ["1", 250 - 36],
    ["3", 250 - 36],
  ]);
  // At first all, then the two that were too large for the topic, twice, as half was too large still.
  expect(sends).toEqual([4, 2, 2]);
  expect(letters.counts).toMatchObject({ too_long: 4 });
});
