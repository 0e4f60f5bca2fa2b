import { setTimeout as sleep } from "node:timers/promises";
import type { Due } from "./profiles.ts";

/** A timer's resolution: what is due within it is sent now. */
const RESOLUTION_MS = 0.5;

export interface OpenLoop {
  /** Sends the request of `due`, which was due at `dueAtMs` by `performance.now()`; never rejects. */
  send(due: Due, dueAtMs: number): Promise<void>;
  /**
   * Bounds memory and sockets. Further requests wait; this hides nothing, since latency counts from the time at which
   * they were due.
   */
  inFlightMax: number;
  stop: AbortSignal;
}

/**
 * Sends every request when it is due, whether or not earlier ones were answered: a server that stalls meets all
 * requests that real users would have sent meanwhile. Measured from each request's own start, a stall would count once
 * instead of for every request that it delayed (coordinated omission).
 *
 * @returns when all sent requests are over; after `stop` is aborted, nothing more is sent
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

/** Returns at the time, or as soon as `stop` is aborted. */
async function until(atMs: number, stop: AbortSignal): Promise<void> {
  for (;;) {
    const remainingMs = atMs - performance.now();
    if (remainingMs <= RESOLUTION_MS || stop.aborted) return;
    await sleep(remainingMs, undefined, { signal: stop }).catch(() => undefined);
  }
}
