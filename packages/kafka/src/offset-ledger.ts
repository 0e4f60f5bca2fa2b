/** One record that was delivered and is not done yet. */
export interface LedgerEntry {
  readonly offset: number;
  done: boolean;
}

/**
 * The offsets of one partition that are in flight.
 *
 * Many batches are worked on at once and end in any order, but Kafka keeps one number per partition: everything below
 * it counts as done. The ledger knows the highest such number that is true: the offset after the last record up to
 * which everything is done. Offsets may have gaps (compaction, transaction markers).
 */
export class OffsetLedger {
  /** Entries in the order of delivery; those before `#head` are done and forgotten. */
  #entries: LedgerEntry[] = [];
  #head = 0;
  #nextOffset = 0;
  #committable: number | undefined;

  /** Registers a delivered record; `undefined` if it was delivered before and is (or was) already worked on. */
  begin(offset: number): LedgerEntry | undefined {
    if (offset < this.#nextOffset) return undefined;
    const entry = { offset, done: false };
    this.#entries.push(entry);
    this.#nextOffset = offset + 1;
    return entry;
  }

  /** Marks a record done. Doing so twice changes nothing. */
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

  /** The offset to commit: the one after the last record up to which all are done; `undefined` before the first. */
  get committable(): number | undefined {
    return this.#committable;
  }

  get inFlight(): number {
    let count = 0;
    for (let index = this.#head; index < this.#entries.length; index++) if (!this.#entries[index]?.done) count++;
    return count;
  }

  /** Cuts the array only when half of it is spent, so that a finish costs amortised constant time. */
  #forgetDone(): void {
    if (this.#head < 1024 || this.#head * 2 < this.#entries.length) return;
    this.#entries.splice(0, this.#head);
    this.#head = 0;
  }
}
