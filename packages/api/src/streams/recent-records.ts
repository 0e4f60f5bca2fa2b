import type { Offsets } from "./offsets.ts";

/** A record, encoded once for all clients of its topic. */
export interface StreamRecord {
  partition: number;
  offset: number;
  key: string | null;
  type: string | undefined;
  /** The serialised `EventRecord`. */
  json: string;
  /** Size of `json`. */
  bytes: number;
}

/** The newest records of a topic: for each partition all records from some offset on, without gaps. */
export class RecentRecords {
  readonly #maxBytes: number;
  readonly #starts: Offsets;
  #records: StreamRecord[] = [];
  #first = 0;
  #bytes = 0;

  /** @param starts the first offset of each partition */
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

  /** The partitions with records from these offsets on that are not (or no longer) in memory. */
  missing(offsets: ReadonlyMap<number, number>): Offsets {
    return new Map([...offsets].filter(([partition, offset]) => offset < (this.#starts.get(partition) ?? 0)));
  }

  /** Yields records in arrival order. Compares with the offsets lazily, so they may change while iterating. */
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
