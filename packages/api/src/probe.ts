import { attempt } from "./outcome.ts";
import { singleFlight } from "./single-flight.ts";

/** The result of a service's last check. */
export interface ProbeResult {
  status: "ok" | "slow" | "failed";
  cause?: string;
  /** When the current failure began, ISO 8601. */
  since?: string;
  checkedInMs: number;
}

/** Checks whether a service works; never rejects. */
export type Probe = () => Promise<ProbeResult>;

/** Load balancers wait only a few seconds for a health check. */
export const PROBE_TIMEOUT_MS = 2_000;
export const FRESH_MS = 1_000;

/**
 * @param ask one cheap request that succeeds if the service can do its work
 * @param timeoutMs time limit of a check; a request that exceeds it is not sent again while it is pending
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
