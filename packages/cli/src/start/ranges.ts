import type { OffsetRange, Placement } from "@millrace/kafka";

/** The offsets that Kafka assigned to our messages, as ranges without what others published before or in between. */
export class Places {
  readonly ranges: OffsetRange[] = [];
  #last = new Map<number, OffsetRange>();

  add(placements: readonly Placement[]): void {
    for (const { partition, offset } of placements) {
      const last = this.#last.get(partition);
      if (last?.to === offset) last.to++;
      else this.#begin({ partition, from: offset, to: offset + 1 });
    }
  }

  /** Number of messages. */
  get size(): number {
    return this.ranges.reduce((sum, { from, to }) => sum + to - from, 0);
  }

  #begin(range: OffsetRange): void {
    this.ranges.push(range);
    this.#last.set(range.partition, range);
  }
}
