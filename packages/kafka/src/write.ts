import { describeCause, type Headers, type RetryableFault, retryable } from "@millrace/shared";
import kafkajs, { type Message, type Producer } from "kafkajs";
import { partitionOfKey } from "./murmur2.ts";
import { protocolError } from "./protocol-error.ts";

export interface OutgoingRecord {
  key?: Buffer | null;
  value: Buffer | null;
  headers?: Headers;
  partition?: number;
  /** Milliseconds since 1970; absent: when the record is written. */
  timestampMs?: number;
}

/** Where a record was written. */
export interface Placement {
  partition: number;
  offset: number;
}

/** The partition of each sent message, which a retry keeps. */
export type Partitions = WeakMap<Message, number>;

/** The number of requests with each message: kafkajs too sends an unanswered message again. */
export type Requests = WeakMap<Message, number>;

export async function write(
  producer: Producer,
  partitionOf: Partitions,
  topic: string,
  messages: Message[],
): Promise<Placement[]> {
  const written = await producer.send({ topic, acks: -1, messages });
  return placeEach(messages, partitionOf, written);
}

export function isTooLarge(error: unknown): boolean {
  const type = protocolError(error);
  return type === "MESSAGE_TOO_LARGE" || type === "RECORD_LIST_TOO_LARGE";
}

export function faultOf(error: unknown, topic: string): RetryableFault {
  if (isTooLarge(error)) {
    return retryable("misconfigured", `topic ${topic} refuses records of this size: raise its max.message.bytes`);
  }
  switch (protocolError(error)) {
    case "UNKNOWN_TOPIC_OR_PARTITION":
      return retryable("misconfigured", `topic ${topic} does not exist: create it (${describeCause(error)})`);
    default:
      return retryable("unavailable", error);
  }
}

export function toKafkaMessage(record: OutgoingRecord): Message {
  // A Map, since a header may have any name, such as "constructor".
  const headers = new Map<string, Buffer[]>();
  for (const [name, value] of record.headers ?? []) {
    const values = headers.get(name) ?? [];
    headers.set(name, values);
    if (value) values.push(value);
  }
  return {
    key: record.key ?? null,
    value: record.value,
    headers: Object.fromEntries(headers),
    ...(record.partition !== undefined && { partition: record.partition }),
    ...(record.timestampMs !== undefined && { timestamp: String(record.timestampMs) }),
  };
}

/**
 * Kafka's default partitioner, which also records its choices, since kafkajs does not return them, and the number of
 * requests: kafkajs calls the partitioner once for each.
 */
export function remembering(
  partitionOf: Partitions,
  requestsOf?: Requests,
): () => ReturnType<typeof kafkajs.Partitioners.DefaultPartitioner> {
  return () => {
    const chooseWithoutKey = kafkajs.Partitioners.DefaultPartitioner();
    return (choice) => {
      const { message, partitionMetadata } = choice;
      const { key, partition: wanted } = message;
      const chosen = () =>
        Buffer.isBuffer(key) ? partitionOfKey(key, partitionMetadata.length) : chooseWithoutKey(choice);
      const partition = partitionOf.get(message) ?? wanted ?? chosen();
      partitionOf.set(message, partition);
      requestsOf?.set(message, (requestsOf.get(message) ?? 0) + 1);
      return partition;
    };
  };
}

/** The broker returns the first offset of each partition; the records of a partition follow in order. */
function placeEach(
  messages: readonly Message[],
  partitionOf: Partitions,
  written: readonly { partition: number; baseOffset?: string }[],
): Placement[] {
  const next = new Map(written.map(({ partition, baseOffset }) => [partition, Number(baseOffset)]));
  return messages.map((message) => {
    const partition = partitionOf.get(message) ?? 0;
    const offset = next.get(partition) ?? 0;
    next.set(partition, offset + 1);
    return { partition, offset };
  });
}
