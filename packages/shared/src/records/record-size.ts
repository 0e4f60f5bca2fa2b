import type { Headers } from "./message.ts";

/** Maximum overhead of Kafka's record format (KIP-98): per record, and per header. */
const RECORD_BYTES = 36;
const HEADER_BYTES = 10;

interface Sized {
  key?: Buffer | null;
  value?: Buffer | null;
  headers?: Headers;
}

/** An upper bound on a record's size in Kafka. */
export function recordSize({ key, value, headers = [] }: Sized): number {
  let size = RECORD_BYTES + (key?.length ?? 0) + (value?.length ?? 0);
  for (const [name, bytes] of headers) size += HEADER_BYTES + Buffer.byteLength(name) + (bytes?.length ?? 0);
  return size;
}

/** Splits records, in order, into pieces of at most `maxBytes`; a larger record forms its own piece. */
export function cutBySize<Item extends Sized>(records: readonly Item[], maxBytes: number): Item[][] {
  const pieces: Item[][] = [];
  let piece: Item[] = [];
  let bytes = 0;
  for (const record of records) {
    const size = recordSize(record);
    if (piece.length > 0 && bytes + size > maxBytes) {
      pieces.push(piece);
      [piece, bytes] = [[], 0];
    }
    piece.push(record);
    bytes += size;
  }
  if (piece.length > 0) pieces.push(piece);
  return pieces;
}
