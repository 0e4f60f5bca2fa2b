import { setTimeout as sleep } from "node:timers/promises";
import { describeCause, type Patience } from "@millrace/shared";
import type { OffsetsByTopicPartition } from "kafkajs";
import type { AssignedPartition, AssignedPartitions } from "./assigned-partitions.ts";
import type { Membership } from "./membership.ts";

/** Commits, at a fixed interval, the offsets of the records that are done. */
export class Commits {
  readonly #partitions: AssignedPartitions;
  readonly #membership: Pick<Membership, "commitOffsets">;
  readonly #intervalMs: number;
  readonly #patience: Patience;
  #committing: Promise<void> | undefined;
  #stopped = false;

  constructor(
    partitions: AssignedPartitions,
    membership: Pick<Membership, "commitOffsets">,
    intervalMs: number,
    patience: Patience,
  ) {
    this.#partitions = partitions;
    this.#membership = membership;
    this.#intervalMs = intervalMs;
    this.#patience = patience;
  }

  start(): void {
    this.#committing = this.#commitPeriodically();
  }

  /** Commits once more, and ends. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#committing;
  }

  async commit(): Promise<void> {
    const commitOffsets = this.#membership.commitOffsets;
    if (!commitOffsets) return;
    const due = [...this.#partitions].flatMap((partition) => {
      const offset = partition.ledger.committable;
      return offset === undefined || offset === partition.committed ? [] : [{ partition, offset }];
    });
    try {
      if (due.length > 0) await commitOffsets(byTopic(due));
    } catch (error) {
      // A stale commit, refused while the group rebalances, or a coordinator that is away. The ledgers keep the offsets.
      this.#patience.log.debug("kafka.commit", { cause: describeCause(error) });
      return;
    }
    for (const { partition, offset } of due) partition.committed = offset;
  }

  async #commitPeriodically(): Promise<void> {
    while (!this.#stopped) {
      await sleep(this.#intervalMs);
      await this.commit();
    }
  }
}

function byTopic(due: readonly { partition: AssignedPartition; offset: number }[]): OffsetsByTopicPartition {
  const offsets = due.map(({ partition: { topic, partition }, offset }) => ({ topic, partition, offset: `${offset}` }));
  const topics = [...Map.groupBy(offsets, ({ topic }) => topic)];
  return { topics: topics.map(([topic, partitions]) => ({ topic, partitions })) };
}
