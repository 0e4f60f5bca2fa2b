import { attempt } from "./outcome.ts";
import { singleFlight } from "./single-flight.ts";

/** How a service answered when it was last asked. */
export interface Check {
  status: "ok" | "slow" | "failed";
  cause?: string;
  /** ISO 8601: the first failure in a row. */
  since?: string;
  checkedInMs: number;
}

/** Asks a service whether it works; never rejects. */
export type Probe = () => Promise<Check>;

/** A load balancer waits a few seconds at most for a health check. */
export const PROBE_TIMEOUT_MS = 2_000;
export const FRESH_MS = 1_000;

/**
 * @param ask one cheap request that the service answers when it can do its work
 * @param timeoutMs how long an answer may take; a request that takes longer is not sent a second time meanwhile
 */
export function createProbe(
  ask: () => Promise<unknown>,
  timeoutMs = PROBE_TIMEOUT_MS,
  freshMs: number = FRESH_MS,
): Probe {
  const askOnce = singleFlight(ask, 0);
  let failingSince: string | undefined;
  return singleFlight(async () => {
    const startedAt = performance.now();
    const outcome = await attempt(askOnce, timeoutMs);
    const checkedInMs = elapsedMs(startedAt);
    if ("value" in outcome) {
      failingSince = undefined;
      return { status: "ok", checkedInMs };
    }
    failingSince ??= new Date().toISOString();
    return { status: "failed", cause: outcome.fault.cause, since: failingSince, checkedInMs };
  }, freshMs);
}

/** Rounded to microseconds. */
export function elapsedMs(startedAt: number): number {
  return Math.round((performance.now() - startedAt) * 1_000) / 1_000;
}
