import { setTimeout as sleep } from "node:timers/promises";
import type { Offsets } from "./offsets.ts";
import { type StreamRecord, sizeOf } from "./recent-records.ts";

/** A connection to a client. Never blocks and never throws: data sent after it closed is lost. */
export interface StreamConnection {
  /** Bytes queued but not yet written to the network. */
  readonly bufferedBytes: number;
  readonly isOpen: boolean;
  readonly closed: Promise<void>;
  sendOpen(offsets: ReadonlyMap<number, number>): void;
  /** @param before the client's offsets before these records */
  sendRecords(records: readonly StreamRecord[], before: ReadonlyMap<number, number>): void;
  sendMissed(count: number, offsets: ReadonlyMap<number, number>): void;
  /** Sends a ping; disconnects the client if it did not respond to the previous one. */
  ping(): void;
  /** @param code a close code of RFC 6455, or an application code from 4000 */
  close(code: number, reason: string): void;
}

export interface StreamFilter {
  key?: string | undefined;
  type?: string | undefined;
}

/** Poll interval for buffer space while a client catches up. */
const ROOM_TICK_MS = 10;

/**
 * The offsets and the buffer of one client. Sends each record once: skips records before its offsets. When the buffer
 * is full the client misses records until the buffer is half empty, and then receives their number.
 */
export class StreamClient {
  readonly offsets: Offsets;
  readonly connection: StreamConnection;
  readonly #filter: StreamFilter;
  readonly #bufferMaxBytes: number;
  #missed = 0;
  #unreported = 0;

  constructor(connection: StreamConnection, offsets: Offsets, filter: StreamFilter, bufferMaxBytes: number) {
    this.connection = connection;
    this.offsets = offsets;
    this.#filter = filter;
    this.#bufferMaxBytes = bufferMaxBytes;
  }

  /** The number of records missed since the client joined. */
  get missed(): number {
    return this.#missed;
  }

  /** Sends the start offsets, and how many of the requested records no longer exist. */
  open(gone: number): void {
    this.connection.sendOpen(this.offsets);
    if (gone > 0) this.connection.sendMissed(gone, this.offsets);
  }

  /** As many records as fit into half of the buffer, and at least one. */
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

  /** Waits for buffer space, so that even a slow client misses no past records. */
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
    const limit = this.#unreported > 0 ? this.#bufferMaxBytes / 2 : this.#bufferMaxBytes;
    // A batch that exceeds the whole buffer is sent when the buffer is empty.
    if (waiting > 0 && waiting + bytes > limit) {
      this.#missed += wanted.length;
      this.#unreported += wanted.length;
      return;
    }
    this.#reportMissed(before);
    // Clients without a filter share the array, so that it is encoded once.
    this.connection.sendRecords(wanted.length === records.length ? records : wanted, before);
  }

  /** Sends a ping and reports missed records, independently of new records. */
  tick(): void {
    if (this.connection.bufferedBytes <= this.#bufferMaxBytes / 2) this.#reportMissed(this.offsets);
    this.connection.ping();
  }

  #reportMissed(offsets: ReadonlyMap<number, number>): void {
    if (this.#unreported === 0) return;
    this.connection.sendMissed(this.#unreported, offsets);
    this.#unreported = 0;
  }

  #take({ partition, offset, key, type }: StreamRecord): boolean {
    if (offset < (this.offsets.get(partition) ?? 0)) return false;
    this.offsets.set(partition, offset + 1);
    const { key: wantedKey, type: wantedType } = this.#filter;
    return (wantedKey === undefined || key === wantedKey) && (wantedType === undefined || type === wantedType);
  }
}
