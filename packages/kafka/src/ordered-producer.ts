import {
  type Fault,
  halvesOf,
  type Patience,
  poison,
  type RetryableFault,
  retryable,
  retryUntilDone,
} from "@millrace/shared";
import type { Kafka, Message, Producer } from "kafkajs";
import { protocolError } from "./protocol-error.ts";
import {
  faultOf,
  isTooLarge,
  type OutgoingRecord,
  type Partitions,
  type Placement,
  remembering,
  toKafkaMessage,
  write,
} from "./write.ts";

/** The outcome of one record. A record that is too large for its topic is poison. */
export type Delivery = { placement: Placement } | { fault: Fault; attempts: number };

/**
 * Writes records to one topic with an idempotent producer and `acks=all` (KIP-98): within a delivery, records that are sent
 * again because the response was lost are written once, in their order. One delivery at a time: begin the next one when the
 * one before has ended.
 */
export interface OrderedProducer extends AsyncDisposable {
  /**
   * Retries, with exponential backoff and jitter, until the records are written or `giveUp` is aborted. An attempt that has
   * begun by then runs to its end.
   */
  deliver(records: readonly OutgoingRecord[], giveUp: AbortSignal): Promise<Delivery[]>;
}

export function openOrderedProducer(kafka: Kafka, topic: string, patience: Patience): OrderedProducer {
  return new IdempotentProducer(kafka, topic, patience);
}

type Attempted = { value: Placement[] } | { tooLarge: string; attempts: number } | { fault: Fault; attempts: number };

class IdempotentProducer implements OrderedProducer {
  #kafka: Kafka;
  #topic: string;
  #patience: Patience;
  #partitionOf: Partitions = new WeakMap();
  #connected: Producer | undefined;

  constructor(kafka: Kafka, topic: string, patience: Patience) {
    this.#kafka = kafka;
    this.#topic = topic;
    this.#patience = patience;
  }

  async deliver(records: readonly OutgoingRecord[], giveUp: AbortSignal): Promise<Delivery[]> {
    const messages = records.map(toKafkaMessage);
    const deliveries = new Map<Message, Delivery>();
    await this.#deliver(messages, giveUp, deliveries);
    return messages.flatMap((message) => deliveries.get(message) ?? []);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#renew();
  }

  async #deliver(messages: Message[], giveUp: AbortSignal, deliveries: Map<Message, Delivery>): Promise<void> {
    const attempted = await this.#attemptUntil(messages, giveUp);
    if ("value" in attempted) {
      for (const [index, placement] of attempted.value.entries()) {
        const message = messages[index];
        if (message) deliveries.set(message, { placement });
      }
    } else if ("tooLarge" in attempted && messages.length > 1) {
      for (const part of this.#parts(messages)) await this.#deliver(part, giveUp, deliveries);
    } else {
      const fault = "tooLarge" in attempted ? poison("too_long", attempted.tooLarge) : attempted.fault;
      for (const message of messages) deliveries.set(message, { fault, attempts: attempted.attempts });
    }
  }

  /**
   * Splits records into smaller requests. First by partition, each with the same records as before: one partition refused
   * its records, the others may have written theirs, and the broker recognises these by their sequence numbers. Then by
   * halves.
   */
  #parts(messages: readonly Message[]): Message[][] {
    const byPartition = Map.groupBy(messages, (message) => this.#partitionOf.get(message));
    if (byPartition.size > 1) return [...byPartition.values()];
    return halvesOf(messages);
  }

  async #attemptUntil(messages: Message[], giveUp: AbortSignal): Promise<Attempted> {
    let attempts = 0;
    let last: RetryableFault = retryable("timeout", "no time was left for an attempt");
    try {
      return await retryUntilDone<Attempted>(
        { dependency: "kafka.produce", action: "kafka.produce" },
        async () => {
          attempts++;
          try {
            return {
              value: { value: await write(await this.#connection(), this.#partitionOf, this.#topic, messages) },
            };
          } catch (error) {
            last = faultOf(error, this.#topic);
            if (isTooLarge(error)) return { value: { tooLarge: last.cause, attempts } };
            // The broker no longer knows this producer's sequence numbers, and won't again.
            if (/SEQUENCE|PRODUCER/.test(protocolError(error) ?? "")) await this.#renew();
            return { fault: last };
          }
        },
        { ...this.#patience, hardStop: giveUp },
      );
    } catch (error) {
      if (!giveUp.aborted) throw error;
      // The abandoned records may have been written all the same. The next records would reuse their sequence numbers, so
      // the broker would take them for duplicates: acknowledged, and not written. A new producer has a new identity.
      await this.#renew();
      return { fault: last, attempts };
    }
  }

  async #connection(): Promise<Producer> {
    if (this.#connected) return this.#connected;
    const producer = this.#kafka.producer({
      idempotent: true,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      createPartitioner: remembering(this.#partitionOf),
      // The minimum of kafkajs; its default is unlimited, and would go on after `giveUp`.
      retry: { retries: 1 },
    });
    try {
      await producer.connect();
    } catch (error) {
      // It may be connected, and only lack its identity.
      await producer.disconnect();
      throw error;
    }
    this.#connected = producer;
    return producer;
  }

  async #renew(): Promise<void> {
    const producer = this.#connected;
    this.#connected = undefined;
    await producer?.disconnect();
  }
}
