import type { Headers, Origin } from "./message.ts";

/** What can be dead-lettered: a message of a batch, or a record as it was received. */
export interface Undeliverable extends Origin {
  key: Buffer | null;
  value: Buffer | null;
  headers: Headers;
  /** How often work on it began, where that was counted. */
  attempts?: number;
  /** What of it is missing since it was dead-lettered before; absent: nothing. */
  cut?: string;
}
