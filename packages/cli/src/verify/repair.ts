import {
  connectProducer,
  createTopicReader,
  type OutgoingRecord,
  type ReadRecord,
  readRanges,
  type TopicReader,
} from "@millrace/kafka";
import { poison, recordSize, replayRecord } from "@millrace/shared";
import type { Clients } from "../clients.ts";
import { type PartitionReport, repairable, stretchesOf } from "./reconcile.ts";

/** Limits of what is held and sent at once; a larger record goes alone. */
const CHUNK_RECORDS = 500;
const CHUNK_BYTES = 1_000_000;

export interface Repair {
  sent: number;
  /** Messages that are too large for REPLAY_TOPIC. */
  refused: number;
}

/** Sends missing messages through the pipeline again, under their identity. */
export async function repair(clients: Clients, topic: string, reports: readonly PartitionReport[]): Promise<Repair> {
  await using producer = await connectProducer(clients.kafka, clients.patience);
  await using reader = createTopicReader(clients.kafka);
  const done: Repair = { sent: 0, refused: 0 };
  for (const report of reports) {
    for await (const chunk of chunksOf(missingRecords(reader, topic, report, clients.patience.hardStop))) {
      const { refused } = await producer.send(clients.config.REPLAY_TOPIC, chunk);
      done.sent += chunk.length - refused.length;
      done.refused += refused.length;
    }
  }
  return done;
}

async function* missingRecords(
  reader: TopicReader,
  topic: string,
  report: PartitionReport,
  signal: AbortSignal,
): AsyncGenerator<OutgoingRecord> {
  const offsets = repairable(report).sort((a, b) => a - b);
  const wanted = new Set(offsets);
  for await (const record of readRanges(reader, topic, stretchesOf(report.partition, offsets), signal)) {
    if (wanted.has(record.offset)) yield missing(record);
  }
}

async function* chunksOf(records: AsyncIterable<OutgoingRecord>): AsyncGenerator<OutgoingRecord[]> {
  let chunk: OutgoingRecord[] = [];
  let bytes = 0;
  for await (const record of records) {
    const size = recordSize(record);
    if (chunk.length === CHUNK_RECORDS || (chunk.length > 0 && bytes + size > CHUNK_BYTES)) {
      yield chunk;
      chunk = [];
      bytes = 0;
    }
    chunk.push(record);
    bytes += size;
  }
  if (chunk.length > 0) yield chunk;
}

function missing(record: ReadRecord): OutgoingRecord {
  const { key, value, headers, ...origin } = record;
  return replayRecord({
    origin,
    key,
    value,
    headers,
    fault: poison("invalid", "missing in a store"),
    stage: "verify",
    attempts: 0,
    failedAt: new Date().toISOString(),
  });
}
