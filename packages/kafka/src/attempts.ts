import type { Origin } from "@millrace/shared";

export type RecordIdentity = Pick<Origin, "topic" | "partition" | "offset">;

/**
 * Counts the attempts at a piece of work before each begins, so that the count outlives a process that dies of it. Only
 * sudden deaths count: an attempt that ends, or that its process survives for a while, is forgotten.
 */
export interface Attempts {
  /** The number of this attempt; 1 while Redis is away. */
  begin(scope: string, record: RecordIdentity): Promise<number>;
  /** Keeps the count until `end`, however long the process lives: for work that is not attempted again. */
  keep(scope: string, record: RecordIdentity): void;
  end(scope: string, record: RecordIdentity): void;
  /** Forgets the attempts under way: an orderly stop is no death. */
  endAll(): Promise<void>;
}
