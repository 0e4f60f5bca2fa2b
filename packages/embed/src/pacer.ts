import { type Allowances, type Amounts, kinds } from "./account.ts";

/**
 * Spaces one process's requests evenly over its share of the limits, for the time while nobody can be asked how much the
 * others use. It saves nothing up, so a process that was idle doesn't begin with a burst.
 */
export function createPacer(share: number, now: () => number = () => performance.now()) {
  let freeAtMs = 0;
  return {
    /** How long a request waits that takes so much. */
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
