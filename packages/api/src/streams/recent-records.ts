import type { Offsets } from "./offsets.ts";

/** A record as all clients of its topic get it. */
export interface StreamRecord {
  partition: number;
  offset: number;
  key: string | null;
  type: string | undefined;
  /** An `EventRecord`. */
  json: string;
  /** Of it. */
  bytes: number;
}

/** The newest records of a topic, without a gap: of each partition all from some offset on. */
export class RecentRecords {
  readonly #maxBytes: number;
  readonly #starts: Offsets;
  #records: StreamRecord[] = [];
  #first = 0;
  #bytes = 0;

  /** @param starts where each partition is read from on */
  constructor(starts: ReadonlyMap<number, number>, maxBytes: number) {
    this.#starts = new Map(starts);
    this.#maxBytes = maxBytes;
  }

  add(record: StreamRecord): void {
    this.#records.push(record);
    this.#bytes += record.bytes;
    while (this.#bytes > this.#maxBytes) this.#forgetOldest();
    if (this.#first > this.#records.length / 2) {
      this.#records = this.#records.slice(this.#first);
      this.#first = 0;
    }
  }

  /** The partitions of which something from these offsets on is not here (any more). */
  missing(offsets: ReadonlyMap<number, number>): Offsets {
    return new Map([...offsets].filter(([partition, offset]) => offset < (this.#starts.get(partition) ?? 0)));
  }

  /** In the order in which they came. What the offsets have become counts when a record's turn comes. */
  *from(offsets: ReadonlyMap<number, number>): Generator<StreamRecord> {
    for (let index = this.#first; index < this.#records.length; index++) {
      const record = this.#records[index];
      if (record && record.offset >= (offsets.get(record.partition) ?? 0)) yield record;
    }
  }

  #forgetOldest(): void {
    const oldest = this.#records[this.#first++];
    if (!oldest) throw new RangeError("no record to evict");
    this.#bytes -= oldest.bytes;
    this.#starts.set(oldest.partition, oldest.offset + 1);
  }
}

export function sizeOf(records: readonly StreamRecord[]): number {
  return records.reduce((sum, { bytes }) => sum + bytes, 0);
}
