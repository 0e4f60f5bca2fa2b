import { setTimeout as sleep } from "node:timers/promises";
import type { Due } from "./profiles.ts";

/** A timer's resolution: what is due within it is sent now. */
const RESOLUTION_MS = 0.5;

export interface OpenLoop {
  /** Sends the request of `due`, which should have left at `dueAtMs` by `performance.now()`; never rejects. */
  send(due: Due, dueAtMs: number): Promise<void>;
  /**
   * A bound of memory and sockets. Beyond it requests wait; nothing is hidden by that, since latency counts from the
   * time at which they were due.
   */
  inFlightMax: number;
  stop: AbortSignal;
}

/**
 * Sends every request when it is due, whether or not the earlier ones were answered: a server that stalls meets all
 * requests that real users would have sent meanwhile. Measured from a request's own start instead, a stall would count
 * once, not for each request that it held up (coordinated omission).
 *
 * @returns when everything that was sent is over; when `stop` is aborted, nothing more is sent
 */
export async function runOpenLoop(dues: Iterable<Due>, { send, inFlightMax, stop }: OpenLoop): Promise<void> {
  const startedAtMs = performance.now();
  const inFlight = new Set<Promise<void>>();
  for (const due of dues) {
    const dueAtMs = startedAtMs + due.afterMs;
    await until(dueAtMs, stop);
    while (inFlight.size >= inFlightMax && !stop.aborted) await Promise.race(inFlight);
    if (stop.aborted) break;
    const sending: Promise<void> = send(due, dueAtMs).finally(() => inFlight.delete(sending));
    inFlight.add(sending);
  }
  await Promise.all(inFlight);
}

/** Returns at the time, or at once when `stop` is aborted. */
async function until(atMs: number, stop: AbortSignal): Promise<void> {
  for (;;) {
    const remainingMs = atMs - performance.now();
    if (remainingMs <= RESOLUTION_MS || stop.aborted) return;
    await sleep(remainingMs, undefined, { signal: stop }).catch(() => undefined);
  }
}
