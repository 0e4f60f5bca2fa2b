import { setTimeout as sleep } from "node:timers/promises";

export interface BackoffSettings {
  /** Upper bound of the first delay. */
  initialMs: number;
  /** Upper bound of every delay. */
  maxMs: number;
}

/**
 * Exponential backoff with full jitter: attempt n waits a uniformly random time below `initialMs × 2ⁿ`, capped.
 * Full jitter spreads many clients that failed together best (AWS Architecture Blog, "Exponential Backoff And Jitter").
 * A delay that the server asked for is a lower bound and may pass the cap.
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

/** Resolves after the delay; rejects with the signal's reason when it is aborted before. */
export async function delay(ms: number, signal?: AbortSignal): Promise<void> {
  await sleep(ms, undefined, signal ? { signal } : {});
}
