/** One delivered record. */
export interface LedgerEntry {
  readonly offset: number;
  done: boolean;
}

/**
 * The offsets of one partition that are in flight.
 *
 * Many batches are in progress at once and end in any order, but Kafka keeps one offset per partition: every record below
 * it counts as done. The ledger knows the highest offset for which that is true. Offsets may have gaps (compaction,
 * transaction markers).
 */
export class OffsetLedger {
  /** In the order of delivery; the entries before `#head` are done. */
  #entries: LedgerEntry[] = [];
  #head = 0;
  #nextOffset = 0;
  #committable: number | undefined;

  /** Registers a delivered record; `undefined` if it was delivered before. */
  begin(offset: number): LedgerEntry | undefined {
    if (offset < this.#nextOffset) return undefined;
    const entry = { offset, done: false };
    this.#entries.push(entry);
    this.#nextOffset = offset + 1;
    return entry;
  }

  /** Marks a record done. A second call changes nothing. */
  finish(entry: LedgerEntry): void {
    entry.done = true;
    let head = this.#entries[this.#head];
    while (head?.done) {
      this.#committable = head.offset + 1;
      this.#head++;
      head = this.#entries[this.#head];
    }
    this.#forgetDone();
  }

  /** The offset to commit: all records below it are done. `undefined` until the first record is done. */
  get committable(): number | undefined {
    return this.#committable;
  }

  get inFlight(): number {
    let count = 0;
    for (let index = this.#head; index < this.#entries.length; index++) if (!this.#entries[index]?.done) count++;
    return count;
  }

  /** Cuts the array only when half of it is done, so that a finish takes amortised constant time. */
  #forgetDone(): void {
    if (this.#head < 1024 || this.#head * 2 < this.#entries.length) return;
    this.#entries.splice(0, this.#head);
    this.#head = 0;
  }
}
