import type { Origin } from "@millrace/shared";

export type RecordIdentity = Pick<Origin, "topic" | "partition" | "offset">;

/**
 * Counts each attempt at a piece of work before it begins, so that the count survives a crash of the process. An attempt
 * that ends, or that its process survives for a while, is no longer counted: only crashes are.
 */
export interface Attempts {
  /** The number of this attempt; 1 while Redis is away. */
  begin(scope: string, record: RecordIdentity): Promise<number>;
  /** Keeps the count until `end`, however long the process lives: for work that is not attempted again. */
  keep(scope: string, record: RecordIdentity): void;
  end(scope: string, record: RecordIdentity): void;
  /** For an orderly stop: the attempts under way end without a crash. */
  endAll(): Promise<void>;
}
