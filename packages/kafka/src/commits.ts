import { setTimeout as sleep } from "node:timers/promises";
import { BackgroundWork, describeCause, type Patience } from "@millrace/shared";
import type { OffsetsByTopicPartition } from "kafkajs";
import type { AssignedPartition, AssignedPartitions } from "./assigned-partitions.ts";
import type { Membership } from "./membership.ts";
import { protocolError } from "./protocol-error.ts";

/** The errors of a commit that came too late: the group rebalances, or has rebalanced without this member. */
const STALE = new Set(["REBALANCE_IN_PROGRESS", "ILLEGAL_GENERATION", "UNKNOWN_MEMBER_ID"]);
/** A rebalance is over by then; what is still stale is a fault. */
const STALE_MAX_MS = 5_000;

/** Commits, at a fixed interval, the offsets of the records that are done. */
export class Commits {
  readonly #partitions: AssignedPartitions;
  readonly #membership: Pick<Membership, "commitOffsets">;
  readonly #intervalMs: number;
  readonly #patience: Patience;
  readonly #work: BackgroundWork;
  #committing: Promise<void> | undefined;
  #stopped = false;
  /** When the first of the stale commits in a row was refused. */
  #staleSinceMs: number | undefined;

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
    this.#work = new BackgroundWork("kafka.commit", patience);
  }

  /** Commits that failed, other than those that a rebalance made stale. */
  get failures(): number {
    return this.#work.failures;
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
    if (this.#partitions.memberId === "") {
      this.#staleSinceMs = undefined;
      return;
    }
    const due = [...this.#partitions].flatMap((partition) => {
      const offset = partition.ledger.committable;
      return offset === undefined || offset === partition.committed ? [] : [{ partition, offset }];
    });
    try {
      // The client that delivered a record can commit it.
      if (due.length > 0) await this.#membership.commitOffsets?.(byTopic(due));
    } catch (error) {
      this.#failed(error);
      return;
    }
    for (const { partition, offset } of due) partition.committed = offset;
    this.#staleSinceMs = undefined;
    // Also when nothing is due: the offsets that could not be committed are another member's now.
    this.#work.succeeded();
  }

  async #commitPeriodically(): Promise<void> {
    while (!this.#stopped) {
      await sleep(this.#intervalMs);
      await this.commit();
    }
  }

  /** The ledgers keep the offsets, so the next commit includes them. */
  #failed(error: unknown): void {
    this.#patience.log.debug("kafka.commit", { cause: describeCause(error) });
    if (STALE.has(protocolError(error) ?? "")) {
      this.#staleSinceMs ??= performance.now();
      if (performance.now() - this.#staleSinceMs < STALE_MAX_MS) return;
    }
    this.#work.failed(error);
  }
}

function byTopic(due: readonly { partition: AssignedPartition; offset: number }[]): OffsetsByTopicPartition {
  const offsets = due.map(({ partition: { topic, partition }, offset }) => ({ topic, partition, offset: `${offset}` }));
  const topics = [...Map.groupBy(offsets, ({ topic }) => topic)];
  return { topics: topics.map(([topic, partitions]) => ({ topic, partitions })) };
}
