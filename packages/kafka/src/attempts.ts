import type { Origin } from "@millrace/shared";

export type RecordIdentity = Pick<Origin, "topic" | "partition" | "offset">;

/**
 * Counts the attempts at a piece of work before each begins, so that the count outlives a process that dies of it.
 * An attempt that ends, or that its process survives for a while, is not held against it: only sudden deaths are.
 */
export interface Attempts {
  /** The number of this attempt; 1 where nothing can be known, because Redis is away. */
  begin(scope: string, record: RecordIdentity): Promise<number>;
  end(scope: string, record: RecordIdentity): void;
  /** An orderly stop kills nothing: what is under way is not counted. */
  endAll(): Promise<void>;
}
