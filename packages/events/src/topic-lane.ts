import type { Kafka } from "@millrace/kafka";
import { type Delivery, type OrderedProducer, type OutgoingRecord, openOrderedProducer } from "@millrace/kafka";
import { type Patience, recordSize, retryable } from "@millrace/shared";

interface Waiting {
  record: OutgoingRecord;
  bytes: number;
  giveUp: AbortSignal | undefined;
  settle(delivery: Delivery): void;
}

export interface LaneLimits {
  deliveryTimeoutMs: number;
  batchMaxBytes: number;
}

/**
 * The records of one topic, in the order of arrival: records that arrive during a request wait, and share the next one.
 * A key's records thus keep their order across retries, and requests grow with the load.
 */
export class TopicLane implements AsyncDisposable {
  #producer: OrderedProducer;
  #limits: LaneLimits;
  #hardStop: AbortSignal;
  #waiting: Waiting[] = [];
  #bytes = 0;
  #running: Promise<void> | undefined;

  constructor(kafka: Kafka, topic: string, limits: LaneLimits, patience: Patience) {
    this.#producer = openOrderedProducer(kafka, topic, patience);
    this.#limits = limits;
    this.#hardStop = patience.hardStop;
  }

  /** Number of waiting records, excluding those in flight. */
  get size(): number {
    return this.#waiting.length;
  }

  /** Bytes of the records that wait or are in flight. */
  get bytes(): number {
    return this.#bytes;
  }

  /** @param giveUp once aborted, waiting records are not written */
  send(records: readonly OutgoingRecord[], giveUp?: AbortSignal): Promise<Delivery[]> {
    const deliveries = records.map((record) => {
      const { promise, resolve } = Promise.withResolvers<Delivery>();
      const bytes = recordSize(record);
      this.#bytes += bytes;
      const settle = (delivery: Delivery): void => {
        this.#bytes -= bytes;
        resolve(delivery);
      };
      this.#waiting.push({ record, bytes, giveUp, settle });
      return promise;
    });
    this.#running ??= this.#run();
    return Promise.all(deliveries);
  }

  /** Delivers or gives up what waits. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#running;
    await this.#producer[Symbol.asyncDispose]();
  }

  async #run(): Promise<void> {
    // It must not end before it is noted as running, as it would if everything that waits is withdrawn.
    await Promise.resolve();
    for (;;) {
      this.#withdraw();
      const batch = this.#take();
      if (batch.length === 0) break;
      const giveUp = AbortSignal.any([this.#hardStop, AbortSignal.timeout(this.#limits.deliveryTimeoutMs)]);
      const records = batch.map(({ record }) => record);
      const deliveries = await this.#producer.deliver(records, giveUp);
      for (const [index, delivery] of deliveries.entries()) batch[index]?.settle(delivery);
    }
    this.#running = undefined;
  }

  #withdraw(): void {
    const withdrawn = this.#waiting.filter(({ giveUp }) => giveUp?.aborted);
    if (withdrawn.length === 0) return;
    this.#waiting = this.#waiting.filter(({ giveUp }) => !giveUp?.aborted);
    for (const { giveUp, settle } of withdrawn) settle({ fault: retryable("timeout", giveUp?.reason), attempts: 0 });
  }

  #take(): Waiting[] {
    let [taken, count] = [0, 0];
    for (const { bytes } of this.#waiting) {
      taken += bytes;
      if (count > 0 && taken > this.#limits.batchMaxBytes) break;
      count++;
    }
    return this.#waiting.splice(0, count);
  }
}
