import type { Headers, Origin } from "@millrace/shared";

/** Offsets `from` (included) to `to` (excluded) of a partition. */
export interface OffsetRange {
  partition: number;
  from: number;
  to: number;
}

export interface ReadRecord extends Origin {
  key: Buffer | null;
  value: Buffer | null;
  headers: Headers;
}

/**
 * A topic could not be read as far as requested. The message says how far it was read, why it failed, and what to do. If
 * nothing was read, the cause is the client's error.
 */
export class ReadFailed extends Error {
  override name = "ReadFailed";
}
