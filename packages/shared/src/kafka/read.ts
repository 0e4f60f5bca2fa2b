import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Kafka } from "kafkajs";
import type { Headers, Origin } from "../records/message.ts";
import { headersOf } from "./received.ts";

/** Offsets `from` (included) to `to` (excluded) of a partition. */
export interface OffsetRange {
  partition: number;
  from: number;
  to: number;
}

export interface ReadRecord extends Origin {
  key: Buffer | null;
  value: Buffer | null;
  headers: Headers;
}

/** A range whose last offsets hold no record (compaction, transaction markers) ends without one. */
const SILENCE_MS = 5_000;

/** The offsets that each partition of a topic holds now, at and after a time where one is given. */
export async function offsetRanges(kafka: Kafka, topic: string, fromMs?: number): Promise<OffsetRange[]> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    const bounds = await admin.fetchTopicOffsets(topic);
    const since = fromMs === undefined ? [] : await admin.fetchTopicOffsetsByTimestamp(topic, fromMs);
    const sinceOffset = new Map(since.map(({ partition, offset }) => [partition, Number(offset)]));
    return bounds
      .map(({ partition, low, high }) => {
        const first = sinceOffset.get(partition);
        // -1: nothing is that young.
        const from = first === undefined ? Number(low) : first < 0 ? Number(high) : Math.max(first, Number(low));
        return { partition, from, to: Number(high) };
      })
      .sort((a, b) => a.partition - b.partition);
  } finally {
    await admin.disconnect();
  }
}

/**
 * Reads ranges of a topic's partitions once, each in its order, without leaving a trace: the group it needs is its own
 * and deleted at the end. Where `each` returns a promise, it is awaited before the partition goes on. Rejects when `each` throws.
 */
export async function readRanges(
  kafka: Kafka,
  topic: string,
  ranges: readonly OffsetRange[],
  each: (record: ReadRecord) => unknown,
): Promise<void> {
  const open = new Map(ranges.filter(({ from, to }) => from < to).map((range) => [range.partition, range]));
  if (open.size === 0) return;
  const groupId = `millrace-read-${randomUUID()}`;
  const consumer = kafka.consumer({ groupId, maxWaitTimeInMs: 200 });
  let lastProgressAt = Date.now();
  let working = 0;
  let failure: unknown;
  await consumer.connect();
  try {
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: true,
      partitionsConsumedConcurrently: 4,
      eachBatch: async ({ batch, heartbeat }) => {
        lastProgressAt = Date.now();
        const range = open.get(batch.partition);
        if (!range || failure) return;
        working++;
        try {
          for (const message of batch.messages) {
            const offset = Number(message.offset);
            if (offset < range.from || offset >= range.to) continue;
            const { key, value, headers, timestamp } = message;
            const record = { topic, partition: batch.partition, offset, timestampMs: Math.max(0, Number(timestamp)) };
            const pending = each({ ...record, key, value, headers: headersOf(headers) });
            if (pending instanceof Promise) await pending;
          }
        } catch (error) {
          failure = error;
        }
        working--;
        lastProgressAt = Date.now();
        if (Number(batch.lastOffset()) >= range.to - 1) open.delete(batch.partition);
        await heartbeat();
      },
    });
    for (const { partition, from } of ranges) consumer.seek({ topic, partition, offset: String(from) });
    const isSilent = (): boolean => working === 0 && Date.now() - lastProgressAt >= SILENCE_MS;
    while (open.size > 0 && !failure && !isSilent()) await sleep(20);
  } finally {
    await consumer.disconnect();
    await forgetGroup(kafka, groupId);
  }
  if (failure) throw failure;
}

async function forgetGroup(kafka: Kafka, groupId: string): Promise<void> {
  const admin = kafka.admin();
  await admin.connect();
  // An empty group expires by itself; this only tidies up.
  await admin.deleteGroups([groupId]).catch(() => undefined);
  await admin.disconnect();
}
