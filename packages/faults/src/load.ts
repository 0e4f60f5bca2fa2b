import { setTimeout as sleep } from "node:timers/promises";
import type { OutgoingRecord, RecordProducer } from "@millrace/kafka";
import { createRandom, type Random } from "./random.ts";

/** The pipeline's configured limit; poisoned messages may exceed it. */
export const MESSAGE_MAX_BYTES = 4_096;
/** States a message's expected outcome, so that the check need not repeat the pipeline's validation. */
export const EXPECTATION_HEADER = "expect";

const TICK_MS = 100;
const POISON_SHARE = 0.02;
const KEYED_SHARE = 0.5;
const KEYS = 1_000;
/** Limits requests after a broker outage has left a backlog. */
const REQUEST_MAX_RECORDS = 500;

export interface Load {
  /** Records acknowledged so far, and therefore durable in the source topic. */
  readonly acknowledged: readonly { partition: number; offset: number; value: Buffer }[];
  /** Resolves when every due message is acknowledged. */
  finished: Promise<void>;
}

/** Publishes distinct messages at a steady rate; during a broker outage they queue up here and are sent later. */
export function startLoad(
  options: { topic: string; producer: RecordProducer; seed: number; ratePerS: number; durationMs: number },
  signal: AbortSignal,
): Load {
  const acknowledged: { partition: number; offset: number; value: Buffer }[] = [];
  const { topic, producer, ratePerS, durationMs } = options;
  const random = createRandom(options.seed);

  const publish = async (): Promise<void> => {
    const startedAtMs = performance.now();
    for (let published = 0, elapsedMs = 0; elapsedMs < durationMs; ) {
      await sleep(TICK_MS, undefined, { signal });
      elapsedMs = Math.min(performance.now() - startedAtMs, durationMs);
      const due = Math.floor((elapsedMs / 1000) * ratePerS) - published;
      for (let sent = 0; sent < due; sent += REQUEST_MAX_RECORDS) {
        const count = Math.min(REQUEST_MAX_RECORDS, due - sent);
        const records = Array.from({ length: count }, (_, index) => newRecord(published + index, random));
        await publishAll(records);
        published += count;
      }
    }
  };
  const publishAll = async (records: readonly (OutgoingRecord & { value: Buffer })[]): Promise<void> => {
    for (;;) {
      const outcome = await producer.trySend(topic, records);
      if ("value" in outcome) {
        outcome.value.forEach((placement, index) => {
          acknowledged.push({ ...placement, value: records[index]?.value ?? Buffer.alloc(0) });
        });
        return;
      }
      // Anything that the failed attempt wrote is then in the topic twice, and counts as two messages.
      await sleep(TICK_MS, undefined, { signal });
    }
  };
  return { acknowledged, finished: publish() };
}

function newRecord(number: number, random: Random): OutgoingRecord & { value: Buffer } {
  const isPoison = random.integer(0, 9_999) < POISON_SHARE * 10_000;
  const isKeyed = random.integer(0, 9_999) < KEYED_SHARE * 10_000;
  return {
    value: isPoison ? poisonValue(number, random) : textValue(number, random),
    headers: [[EXPECTATION_HEADER, Buffer.from(isPoison ? "poison" : "valid")]],
    ...(isKeyed && { key: Buffer.from(`key-${random.integer(1, KEYS)}`) }),
  };
}

function textValue(number: number, random: Random): Buffer {
  const words = Array.from({ length: random.integer(1, 40) }, () => random.integer(0, 36 ** 5).toString(36));
  return Buffer.from(`message ${number} ${words.join(" ")}`);
}

function poisonValue(number: number, random: Random): Buffer {
  return random.pick([
    () => Buffer.from([0xff, 0xfe, number & 0xff]),
    () => Buffer.alloc(0),
    () => Buffer.from(" \n\t "),
    () => Buffer.alloc(MESSAGE_MAX_BYTES + 1, `over-long ${number} `),
  ])();
}
