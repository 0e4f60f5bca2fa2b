import type { Headers } from "@millrace/shared";
import {
  bisect,
  cutBySize,
  describeCause,
  type Failure,
  type Patience,
  type PoisonFault,
  poison,
  type RetryableFault,
  retryable,
  retryUntilDone,
} from "@millrace/shared";
import kafkajs, { type Kafka, type Message, type Producer } from "kafkajs";
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

/** What became of the records that were sent. */
export interface Sent {
  /** Records that the topic does not take for their size. */
  refused: Failure<OutgoingRecord, PoisonFault>[];
  /**
   * Whether the memory of the records may be used again: each was in one request, and the broker answered it. A request
   * without an answer may still lie in a socket, which holds the records themselves and no copy.
   */
  reusable: boolean;
}

/** Where a record went. */
export interface Placement {
  partition: number;
  offset: number;
}

/**
 * Writes records with `acks=all`. At least once: a request whose answer was lost is sent again, and whoever reads
 * the records must bear a repeated one.
 */
export interface RecordProducer extends AsyncDisposable {
  /** One attempt, within the client's request timeout; for callers that have somebody to answer to. */
  trySend(
    topic: string,
    records: readonly OutgoingRecord[],
  ): Promise<{ value: Placement[] } | { fault: RetryableFault }>;
  /**
   * Waits out any outage; rejects only when the process must end. More than a megabyte is written in several requests, in
   * the order of the records.
   */
  send(topic: string, records: readonly OutgoingRecord[]): Promise<Sent>;
}

/**
 * Most bytes of a request, unless it is for a single record: the records of a request that go to one partition are one
 * batch, and a topic limits batches (`max.message.bytes`, 1 MiB by default).
 */
const REQUEST_MAX_BYTES = 1_000_000;

export async function connectProducer(kafka: Kafka, patience: Patience): Promise<RecordProducer> {
  const partitionOf: Partitions = new WeakMap();
  const requestsOf: Requests = new WeakMap();
  const createPartitioner = remembering(partitionOf, requestsOf);
  const producer = kafka.producer({ allowAutoTopicCreation: false, createPartitioner });
  await retryUntilDone(
    { dependency: "kafka.produce", action: "process.start" },
    async () => {
      try {
        await producer.connect();
        return { value: undefined };
      } catch (error) {
        return { fault: retryable("unavailable", error) };
      }
    },
    patience,
  );
  const operation = { dependency: "kafka.produce", action: "kafka.produce" } as const;

  /** Adds to `sent`. A topic may take less than a request has: then its records are written by halves. */
  const insist = async (topic: string, records: readonly OutgoingRecord[], sent: Sent): Promise<void> => {
    const attempt = async (some: readonly OutgoingRecord[]) => {
      const messages = some.map(toKafkaMessage);
      const tooLarge = await retryUntilDone(
        operation,
        () => writeIfTaken(producer, partitionOf, topic, messages),
        patience,
      );
      sent.reusable &&= messages.every((message) => requestsOf.get(message) === 1);
      return tooLarge === undefined ? { taken: undefined } : { refusal: poison("too_long", tooLarge) };
    };
    for await (const part of bisect(records, attempt)) {
      if ("refusal" in part) for (const item of part.items) sent.refused.push({ item, fault: part.refusal });
    }
  };

  return {
    async trySend(topic, records) {
      try {
        return { value: await write(producer, partitionOf, topic, records.map(toKafkaMessage)) };
      } catch (error) {
        return { fault: faultOf(error, topic) };
      }
    },
    async send(topic, records) {
      const sent: Sent = { refused: [], reusable: true };
      for (const piece of cutBySize(records, REQUEST_MAX_BYTES)) await insist(topic, piece, sent);
      return sent;
    },
    async [Symbol.asyncDispose]() {
      await producer.disconnect();
    },
  };
}

/** @returns why the topic does not take the messages, where they are too large for it */
async function writeIfTaken(
  producer: Producer,
  partitionOf: Partitions,
  topic: string,
  messages: Message[],
): Promise<{ value: string | undefined } | { fault: RetryableFault }> {
  try {
    await write(producer, partitionOf, topic, messages);
    return { value: undefined };
  } catch (error) {
    const fault = faultOf(error, topic);
    return isTooLarge(error) ? { value: fault.cause } : { fault };
  }
}

/** The partition of each message that was sent, which it keeps when it is sent again. */
export type Partitions = WeakMap<Message, number>;

/** How many requests each message was put into: kafkajs, too, sends a message again that was not answered. */
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
  // A Map, since a header may have any name, "constructor" too.
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
 * Kafka's default partitioner, which also notes the partition that it chose, since kafkajs does not return it, and the
 * number of requests: kafkajs asks the partitioner once for each.
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

/** The broker tells the first offset of each partition; within one, the records follow in their order. */
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
