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

/** The outcome of a send. */
export interface Sent {
  /** Records that are too large for the topic. */
  refused: Failure<OutgoingRecord, PoisonFault>[];
  /**
   * Whether the memory of the records may be reused: each was in one request, and the broker answered it. An unanswered
   * request may still be in a socket, which holds the records themselves and not a copy.
   */
  reusable: boolean;
}

/** Where a record was written. */
export interface Placement {
  partition: number;
  offset: number;
}

/** Writes records with `acks=all`, at least once: a request whose response was lost is sent again, so readers must tolerate duplicates. */
export interface RecordProducer extends AsyncDisposable {
  /** One attempt, within the client's request timeout; for callers that must answer a request. */
  trySend(
    topic: string,
    records: readonly OutgoingRecord[],
  ): Promise<{ value: Placement[] } | { fault: RetryableFault }>;
  /**
   * Retries through any outage; rejects only when the process must end. More than a megabyte is written in several requests,
   * in the order of the records.
   */
  send(topic: string, records: readonly OutgoingRecord[]): Promise<Sent>;
}

/**
 * Limit of a request with more than one record: the records of a request for one partition form one batch, and a topic
 * limits the size of a batch (`max.message.bytes`, 1 MiB by default).
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

  /** Adds to `sent`. A topic may have a lower limit than a request: then the records are split in halves. */
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

/** @returns why the topic refuses the messages, if they are too large for it; `undefined` if they are written */
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
