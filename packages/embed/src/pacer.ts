import { type Allowances, type Amounts, kinds } from "./account.ts";

/**
 * Spaces one process's requests evenly over its share of the limits, while the usage of other processes is unknown. Unused
 * share does not accumulate, so an idle process doesn't start with a burst.
 */
export function createPacer(share: number, now: () => number = () => performance.now()) {
  let freeAtMs = 0;
  return {
    /** How long a request of this size waits. */
    waitMs(need: Amounts, limits: Allowances): number {
      const startsAtMs = Math.max(now(), freeAtMs);
      const minutes = kinds.map((kind) => need[kind] / ((limits[kind]?.limit ?? Number.POSITIVE_INFINITY) * share));
      freeAtMs = startsAtMs + Math.max(...minutes) * 60_000;
      return startsAtMs - now();
    },
    pause(ms: number): void {
      if (ms > 0) freeAtMs = Math.max(freeAtMs, now() + ms);
    },
  };
}
