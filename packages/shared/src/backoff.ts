import { setTimeout as sleep } from "node:timers/promises";

export interface BackoffSettings {
  /** Maximum of the first delay. */
  initialMs: number;
  /** Maximum of every delay. */
  maxMs: number;
}

/**
 * Exponential backoff with full jitter: attempt n waits a uniformly random time below `initialMs × 2ⁿ`, capped.
 * Full jitter is best at spreading clients that failed together (AWS Architecture Blog, "Exponential Backoff And Jitter").
 * A delay that the server requested is a lower bound and may exceed the cap.
 */
export function backoffDelayMs(
  attempt: number,
  settings: BackoffSettings,
  retryAfterMs = 0,
  random = Math.random,
): number {
  const ceilingMs = Math.min(settings.maxMs, settings.initialMs * 2 ** Math.min(attempt, 30));
  return retryAfterMs + random() * ceilingMs;
}

/** Resolves after the delay; rejects with the signal's reason if aborted earlier. */
export async function delay(ms: number, signal?: AbortSignal): Promise<void> {
  await sleep(ms, undefined, signal ? { signal } : {});
}
