import type { BugName } from "./bugs/bugs.ts";

export interface RunOptions {
  seed: number;
  loadMs: number;
  ratePerS: number;
  faults: number;
  drainMs: number;
  /** The longest time a service is stopped. */
  outageMaxMs: number;
  /** Keeps logs and data even where the promise was kept. */
  keep: boolean;
  bug?: BugName;
}
