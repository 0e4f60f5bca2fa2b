import { backoffDelayMs, delay, type Patience } from "@millrace/shared";
import type { Probe } from "./probe.ts";

/**
 * Probes each service once, in order, and logs the result. Doesn't wait for unavailable services: retries them in the
 * background until each has responded once.
 */
export async function acquire(probes: Record<string, Probe>, patience: Patience, stop: AbortSignal): Promise<void> {
  for (const [dependency, probe] of Object.entries(probes)) {
    if (!(await tryOnce(dependency, probe, patience, 0))) void keepTrying(dependency, probe, patience, stop);
  }
}

async function keepTrying(dependency: string, probe: Probe, patience: Patience, stop: AbortSignal): Promise<void> {
  for (let attempt = 1; !stop.aborted; attempt++) {
    // Only the stop ends the delay early.
    await delay(backoffDelayMs(attempt, patience.backoff), stop).catch(() => undefined);
    if (stop.aborted || (await tryOnce(dependency, probe, patience, attempt))) return;
  }
}

async function tryOnce(dependency: string, probe: Probe, { log }: Patience, attempt: number): Promise<boolean> {
  const { status, cause, checkedInMs } = await probe();
  const details = { dependency, ...(attempt > 0 && { attempt: attempt + 1 }), ...(cause !== undefined && { cause }) };
  log.record("process.start", status === "ok" ? "ok" : "retry", checkedInMs, details);
  return status === "ok";
}
