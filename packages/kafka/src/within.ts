import { setTimeout as sleep } from "node:timers/promises";

/** Settles as the work does, but rejects after a time, or when the signal is aborted. The work itself goes on. */
export async function within<Value>(ms: number, work: Promise<Value>, signal?: AbortSignal): Promise<Value> {
  const settled = new AbortController();
  const ends = signal ? AbortSignal.any([signal, settled.signal]) : settled.signal;
  const deadline = sleep(ms, undefined, { signal: ends }).then(() => {
    throw new Error(`not done within ${ms} ms`);
  });
  try {
    return await Promise.race([work, deadline]);
  } finally {
    settled.abort();
    deadline.catch(() => undefined);
  }
}
