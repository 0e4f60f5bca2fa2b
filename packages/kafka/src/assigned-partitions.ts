import { OffsetLedger } from "./offset-ledger.ts";

/** A partition that this member of the group has, or had. */
export interface AssignedPartition {
  readonly topic: string;
  readonly partition: number;
  readonly ledger: OffsetLedger;
  /** The offset last committed. */
  committed: number | undefined;
  /** Another member has it now. */
  revoked: boolean;
  /** Whether this start of the process was counted: it is with the first delivered record. */
  startCounted: boolean;
  /** The number of records still to deliver one by one, because processes crashed soon after their start. */
  suspects: number;
}

/** The partitions that this member of the group has. */
export class AssignedPartitions {
  #memberId = "";
  #partitions = new Map<string, AssignedPartition>();

  /** Empty while this process is no member. */
  get memberId(): string {
    return this.#memberId;
  }

  get names(): string[] {
    return [...this.#partitions.keys()];
  }

  [Symbol.iterator](): Iterator<AssignedPartition> {
    return this.#partitions.values();
  }

  /**
   * After a rebalance, no other member had a partition in between that this one had before and has still (a member that
   * missed a generation gets a new ID), so the records in flight there go on. A partition that it lost is revoked: another
   * member does those records again, and a commit from here would be stale.
   */
  assign(memberId: string, assignment: Record<string, number[]>): void {
    const kept = new Map<string, AssignedPartition>();
    for (const [topic, numbers] of Object.entries(assignment)) {
      for (const partition of numbers) {
        const key = partitionKey(topic, partition);
        const before = memberId === this.#memberId ? this.#partitions.get(key) : undefined;
        kept.set(key, before ?? newPartition(topic, partition));
      }
    }
    for (const [key, partition] of this.#partitions) if (kept.get(key) !== partition) partition.revoked = true;
    this.#partitions = kept;
    this.#memberId = memberId;
  }

  /** Leaves the records in flight to the next owners. */
  revokeAll(): void {
    this.assign("", {});
  }

  /** The partition that a batch belongs to; `undefined` if this member does not have it. */
  find(topic: string, partition: number, firstOffset: number): AssignedPartition | undefined {
    const key = partitionKey(topic, partition);
    const known = this.#partitions.get(key);
    if (known?.committed === undefined || firstOffset >= known.committed) return known;
    // Its offsets restart below the committed one: the topic was deleted and created again.
    known.revoked = true;
    const recreated = newPartition(topic, partition);
    this.#partitions.set(key, recreated);
    return recreated;
  }
}

function newPartition(topic: string, partition: number): AssignedPartition {
  const ledger = new OffsetLedger();
  return { topic, partition, ledger, committed: undefined, revoked: false, startCounted: false, suspects: 0 };
}

function partitionKey(topic: string, partition: number): string {
  return `${topic}-${partition}`;
}
