import type { Headers, Origin } from "./message.ts";

/** What can be dead-lettered: a message of a batch, or a received record. */
export interface Undeliverable extends Origin {
  key: Buffer | null;
  value: Buffer | null;
  headers: Headers;
  /** Number of attempts, if counted. */
  attempts?: number;
  /** What an earlier dead letter cut off; absent if nothing is missing. */
  cut?: string;
}
