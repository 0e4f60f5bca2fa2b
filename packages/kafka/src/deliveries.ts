import { setTimeout as sleep } from "node:timers/promises";
import type { EachBatchPayload, KafkaMessage } from "kafkajs";
import type { AssignedPartition, AssignedPartitions } from "./assigned-partitions.ts";
import type { ConsumeOptions } from "./consume-options.ts";
import type { Membership } from "./membership.ts";
import { ReceivedRecord } from "./received.ts";

/** How often the waits below check again. */
const TICK_MS = 20;

/** Delivers the records of fetched batches, as many at once as the limits allow, each in its partition's order. */
export class Deliveries {
  readonly #options: ConsumeOptions;
  readonly #partitions: AssignedPartitions;
  readonly #membership: Membership;
  #inFlight = 0;
  #inFlightBytes = 0;
  #lastReceivedAt: Date | undefined;

  constructor(options: ConsumeOptions, partitions: AssignedPartitions, membership: Membership) {
    this.#options = options;
    this.#partitions = partitions;
    this.#membership = membership;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  get inFlightBytes(): number {
    return this.#inFlightBytes;
  }

  get lastReceivedAt(): Date | undefined {
    return this.#lastReceivedAt;
  }

  async deliver({ batch, heartbeat, resolveOffset }: EachBatchPayload): Promise<void> {
    const partition = this.#partitions.find(batch.topic, batch.partition, Number(batch.firstOffset() ?? 0));
    if (!partition) return;
    for (const message of batch.messages) {
      const mayProceed = await this.#waitForRoom(partition, heartbeat);
      // Its offset is not resolved, so the next owner of the partition fetches it again.
      if (!mayProceed) return;
      const attempt = await this.#countAttempt(partition, Number(message.offset));
      this.#accept(partition, message, attempt);
      resolveOffset(message.offset);
    }
    await heartbeat();
  }

  /** Resolves when no record is in flight; rejects when the signal is aborted. */
  async allDone(signal: AbortSignal): Promise<void> {
    while (this.#inFlight > 0) await sleep(TICK_MS, undefined, { signal });
  }

  /**
   * Waits while too much is in flight. Heartbeats go on meanwhile, and throw when the group rebalances.
   *
   * @returns whether the partition's next record may be delivered
   */
  async #waitForRoom(partition: AssignedPartition, heartbeat: () => Promise<void>): Promise<boolean> {
    const mustStop = (): boolean => this.#membership.isStopping || partition.revoked;
    while (this.#isFull(partition) && !mustStop()) {
      await heartbeat();
      this.#membership.progressed();
      await sleep(TICK_MS);
    }
    if (!mustStop()) return true;
    // Otherwise a draining member would fetch the same batch in a tight loop.
    await heartbeat();
    await sleep(TICK_MS);
    return false;
  }

  #isFull(partition: AssignedPartition): boolean {
    const { inFlightMax, inFlightMaxBytes } = this.#options;
    if (this.#inFlight >= inFlightMax || this.#inFlightBytes >= inFlightMaxBytes) return true;
    return partition.suspects > 0 && partition.ledger.inFlight > 0;
  }

  /**
   * Counts each start of the process on a partition before its first record is delivered; a process that survives for a
   * while removes the count. After too many starts, one of the records that may have been in flight crashes the process:
   * that many records are delivered one by one, each counted before it is delivered.
   *
   * @returns the number of this attempt at the record; `undefined` if the record is not counted
   */
  async #countAttempt(partition: AssignedPartition, offset: number): Promise<number | undefined> {
    const { attempts, groupId, settings, inFlightMax } = this.#options;
    const record = { topic: partition.topic, partition: partition.partition };
    if (!partition.startCounted) {
      partition.startCounted = true;
      // By partition, not by offset: commits between two crashes move the first offset on.
      const starts = await attempts.begin(`${groupId}:start`, { ...record, offset: 0 });
      if (starts > settings.ATTEMPTS_MAX) partition.suspects = inFlightMax;
    }
    if (partition.suspects === 0) return undefined;
    partition.suspects--;
    return attempts.begin(groupId, { ...record, offset });
  }

  #accept(partition: AssignedPartition, message: KafkaMessage, attempt: number | undefined): void {
    const entry = partition.ledger.begin(Number(message.offset));
    if (!entry) return;
    const bytes = (message.value?.length ?? 0) + (message.key?.length ?? 0);
    this.#inFlight++;
    this.#inFlightBytes += bytes;
    this.#lastReceivedAt = new Date();
    const { attempts, groupId } = this.#options;
    const { topic, partition: number } = partition;
    const finish = (): void => {
      if (entry.done) return;
      partition.ledger.finish(entry);
      this.#inFlight--;
      this.#inFlightBytes -= bytes;
      if (attempt !== undefined) attempts.end(groupId, { topic, partition: number, offset: entry.offset });
    };
    try {
      this.#options.accept(new ReceivedRecord(partition, entry, message, attempt ?? 1, finish));
    } catch (error) {
      // A bug must end the process; thrown from here, kafkajs would catch it and only retry.
      setImmediate(() => {
        throw error;
      });
    }
  }
}
