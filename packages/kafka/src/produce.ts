import {
  bisect,
  cutBySize,
  type Failure,
  type Patience,
  type PoisonFault,
  poison,
  type RetryableFault,
  retryable,
  retryUntilDone,
} from "@millrace/shared";
import type { Kafka, Message, Producer } from "kafkajs";
import {
  faultOf,
  isTooLarge,
  type OutgoingRecord,
  type Partitions,
  type Placement,
  type Requests,
  remembering,
  toKafkaMessage,
  write,
} from "./write.ts";

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
