import type { Patience } from "@millrace/shared";
import type { Kafka } from "kafkajs";
import { AssignedPartitions } from "./assigned-partitions.ts";
import { Commits } from "./commits.ts";
import type { ConsumeOptions } from "./consume-options.ts";
import { Deliveries } from "./deliveries.ts";
import { Membership } from "./membership.ts";

export interface Consumption extends AsyncDisposable {
  /** Records delivered and not done, and their bytes. */
  readonly inFlight: number;
  readonly inFlightBytes: number;
  readonly lastReceivedAt: Date | undefined;
  /** Offset commits that failed, other than those that a rebalance made stale. */
  readonly commitFailures: number;
  /** Fetches no more, waits until the records in flight are done, and commits. Only disposal leaves the group. */
  drain(signal: AbortSignal): Promise<void>;
}

/** Delivers the records of some topics, at least once each, and commits those that are done. */
export async function consume(kafka: Kafka, options: ConsumeOptions, patience: Patience): Promise<Consumption> {
  const consumption = new GroupConsumption(kafka, options, patience);
  await consumption.start();
  return consumption;
}

/** A member of the group receives batches, delivers their records, and commits the offsets of those that are done. */
class GroupConsumption implements Consumption {
  readonly #options: ConsumeOptions;
  readonly #membership: Membership;
  readonly #deliveries: Deliveries;
  readonly #commits: Commits;

  constructor(kafka: Kafka, options: ConsumeOptions, patience: Patience) {
    const partitions = new AssignedPartitions();
    this.#options = options;
    this.#membership = new Membership(kafka, options, partitions, patience, (batch) => this.#deliveries.deliver(batch));
    this.#deliveries = new Deliveries(options, partitions, this.#membership);
    this.#commits = new Commits(partitions, this.#membership, options.settings.KAFKA_COMMIT_INTERVAL_MS, patience);
  }

  get inFlight(): number {
    return this.#deliveries.inFlight;
  }

  get inFlightBytes(): number {
    return this.#deliveries.inFlightBytes;
  }

  get lastReceivedAt(): Date | undefined {
    return this.#deliveries.lastReceivedAt;
  }

  get commitFailures(): number {
    return this.#commits.failures;
  }

  async start(): Promise<void> {
    await this.#membership.join();
    this.#commits.start();
  }

  async drain(signal: AbortSignal): Promise<void> {
    this.#membership.drain();
    await this.#deliveries.allDone(signal);
    await this.#commits.commit();
    await this.#options.attempts.endAll();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#membership.close();
    await this.#commits.stop();
    await this.#membership.leave();
  }
}
