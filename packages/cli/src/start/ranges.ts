import type { Placement } from "@millrace/kafka";

/** A part of one partition: the offsets from `first`, and before `next`. */
export interface Range {
  partition: number;
  first: number;
  next: number;
}

/** Where messages went, in the order of their offsets: what others publish between them, or did before, is in no range. */
export class Places {
  readonly ranges: Range[] = [];
  #last = new Map<number, Range>();

  add(placements: readonly Placement[]): void {
    for (const { partition, offset } of placements) {
      const last = this.#last.get(partition);
      if (last?.next === offset) last.next++;
      else this.#begin({ partition, first: offset, next: offset + 1 });
    }
  }

  /** How many messages. */
  get size(): number {
    return this.ranges.reduce((sum, { first, next }) => sum + next - first, 0);
  }

  #begin(range: Range): void {
    this.ranges.push(range);
    this.#last.set(range.partition, range);
  }
}
