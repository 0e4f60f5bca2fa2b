import {
  type Clients,
  connectProducer,
  type OutgoingRecord,
  poison,
  type ReadRecord,
  readRanges,
  replayRecord,
} from "@millrace/shared";
import { type PartitionReport, repairable } from "./reconcile.ts";

const CHUNK = 500;

/** Sends what is missing through the pipeline again, under its identity; returns how many messages were sent. */
export async function repair(clients: Clients, topic: string, reports: readonly PartitionReport[]): Promise<number> {
  await using producer = await connectProducer(clients.kafka, clients.patience);
  let sent = 0;
  for (const report of reports) {
    const offsets = repairable(report).sort((a, b) => a - b);
    const [first, last] = [offsets[0], offsets.at(-1)];
    if (first === undefined || last === undefined) continue;
    const wanted = new Set(offsets);
    let records: OutgoingRecord[] = [];
    const send = async (): Promise<void> => {
      const chunk = records;
      records = [];
      for (let at = 0; at < chunk.length; at += CHUNK) {
        await producer.send(clients.config.REPLAY_TOPIC, chunk.slice(at, at + CHUNK));
      }
      sent += chunk.length;
    };
    // The source is read in stretches, so that no more than a stretch of it is held at once.
    for (let from = first; from <= last; from += STRETCH) {
      const range = { partition: report.partition, from, to: Math.min(last + 1, from + STRETCH) };
      if (!offsets.some((offset) => offset >= range.from && offset < range.to)) continue;
      await readRanges(clients.kafka, topic, [range], (record) => {
        if (wanted.has(record.offset)) records.push(missing(record));
      });
      await send();
    }
  }
  return sent;
}

const STRETCH = 10_000;

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
