import { setTimeout as sleep } from "node:timers/promises";
import type { Offsets } from "./offsets.ts";
import { type StreamRecord, sizeOf } from "./recent-records.ts";

/** The way to a client, in its protocol. It never blocks and never throws: what is sent into a closed one is lost. */
export interface StreamConnection {
  /** Given to `sendRecords` and not yet taken by the network. */
  readonly bufferedBytes: number;
  readonly isOpen: boolean;
  readonly closed: Promise<void>;
  sendOpen(offsets: ReadonlyMap<number, number>): void;
  /** @param before the client's offsets before these records */
  sendRecords(records: readonly StreamRecord[], before: ReadonlyMap<number, number>): void;
  sendMissed(count: number, offsets: ReadonlyMap<number, number>): void;
  /** Cuts it off where it has not answered the ping before, or else sends another. */
  ping(): void;
  /** @param code of RFC 6455, or from 4000 on of our own */
  close(code: number, reason: string): void;
}

export interface StreamFilter {
  key?: string | undefined;
  type?: string | undefined;
}

/** How often a client that catches up looks whether there is room again. */
const ROOM_TICK_MS = 10;

/**
 * What one client has got, and what waits for it. A record goes to it once: what lies before its offsets is passed over.
 * Where more would wait for it than it may, it misses records until half of that has been taken, and is then told how many.
 */
export class StreamClient {
  readonly offsets: Offsets;
  readonly connection: StreamConnection;
  readonly #filter: StreamFilter;
  readonly #bufferMaxBytes: number;
  #missed = 0;
  #untold = 0;

  constructor(connection: StreamConnection, offsets: Offsets, filter: StreamFilter, bufferMaxBytes: number) {
    this.connection = connection;
    this.offsets = offsets;
    this.#filter = filter;
    this.#bufferMaxBytes = bufferMaxBytes;
  }

  /** How many records it missed, since it joined. */
  get missed(): number {
    return this.#missed;
  }

  /** Says where it begins, and how many of the records it asked for are gone. */
  open(gone: number): void {
    this.connection.sendOpen(this.offsets);
    if (gone > 0) this.connection.sendMissed(gone, this.offsets);
  }

  /** As many of the records as may wait for it together, and at least one. */
  nextChunk(records: Iterable<StreamRecord>): StreamRecord[] {
    const chunk: StreamRecord[] = [];
    let bytes = 0;
    for (const record of records) {
      bytes += record.bytes;
      if (chunk.length > 0 && bytes > this.#bufferMaxBytes / 2) break;
      chunk.push(record);
    }
    return chunk;
  }

  /** Waits for room, so that a client that reads the past misses nothing of it, however slow it is. */
  async deliverPatiently(records: readonly StreamRecord[]): Promise<void> {
    const bytes = sizeOf(records);
    const hasRoom = () => {
      const waiting = this.connection.bufferedBytes;
      return waiting === 0 || waiting + bytes <= this.#bufferMaxBytes;
    };
    while (this.connection.isOpen && !hasRoom()) await sleep(ROOM_TICK_MS);
    this.deliver(records, bytes);
  }

  deliver(records: readonly StreamRecord[], bytes: number): void {
    const before = new Map(this.offsets);
    const wanted = records.filter((record) => this.#take(record));
    if (wanted.length === 0) return;
    const waiting = this.connection.bufferedBytes;
    const limit = this.#untold > 0 ? this.#bufferMaxBytes / 2 : this.#bufferMaxBytes;
    // A batch that is larger than all that may wait goes out alone.
    if (waiting > 0 && waiting + bytes > limit) {
      this.#missed += wanted.length;
      this.#untold += wanted.length;
      return;
    }
    this.#tellMissed(before);
    // The same array for all who want all of it: it is encoded once.
    this.connection.sendRecords(wanted.length === records.length ? records : wanted, before);
  }

  /** What is due without a record: a ping, and the word of what was missed. */
  tick(): void {
    if (this.connection.bufferedBytes <= this.#bufferMaxBytes / 2) this.#tellMissed(this.offsets);
    this.connection.ping();
  }

  #tellMissed(offsets: ReadonlyMap<number, number>): void {
    if (this.#untold === 0) return;
    this.connection.sendMissed(this.#untold, offsets);
    this.#untold = 0;
  }

  #take({ partition, offset, key, type }: StreamRecord): boolean {
    if (offset < (this.offsets.get(partition) ?? 0)) return false;
    this.offsets.set(partition, offset + 1);
    const { key: wantedKey, type: wantedType } = this.#filter;
    return (wantedKey === undefined || key === wantedKey) && (wantedType === undefined || type === wantedType);
  }
}
