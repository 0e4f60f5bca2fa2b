import type { Event, EventDecoder } from "@millrace/events";
import type { ReadRecord } from "@millrace/kafka";
import { messageId } from "@millrace/shared";

/** A record of a topic of events, as the api shows it. */
export interface EventRecord {
  id: string;
  partition: number;
  offset: number;
  /** ISO 8601: Kafka's, not the event's own. */
  timestamp: string;
  key: string | null;
  /** `null` where the record holds none; `error` says why. */
  event: Event | null;
  error?: string;
}

export async function toEventRecord(record: ReadRecord, decoder: EventDecoder): Promise<EventRecord> {
  const { partition, offset, timestampMs, key, value } = record;
  const place = { id: messageId(record), partition, offset, timestamp: new Date(timestampMs).toISOString() };
  const head = { ...place, key: key === null ? null : key.toString() };
  if (value === null) return { ...head, event: null, error: "the record has no value (a tombstone)" };
  const decoded = await decoder.decode(value);
  return "fault" in decoded ? { ...head, event: null, error: decoded.fault.cause } : { ...head, event: decoded.value };
}
