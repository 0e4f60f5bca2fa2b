import type { Event, EventDecoder } from "@millrace/events";
import type { ReadRecord } from "@millrace/kafka";
import { messageId } from "@millrace/shared";

/** A record of an event topic, as returned by the api. */
export interface EventRecord {
  id: string;
  partition: number;
  offset: number;
  /** Kafka's record timestamp (not the event's), ISO 8601. */
  timestamp: string;
  key: string | null;
  /** `null` if the record could not be decoded; `error` has the cause. */
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
