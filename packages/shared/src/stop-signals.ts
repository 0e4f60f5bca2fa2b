/** One request to stop may arrive twice: sent to the whole process group, and forwarded by a parent. */
const SAME_REQUEST_MS = 1_000;

export interface StopSteps {
  signals: readonly NodeJS.Signals[];
  /** The first request: stop in an orderly way. Runs before the returned signal is aborted. */
  onStop(signal: NodeJS.Signals): void;
  /** Every further request: stop at once. */
  onHardStop(signal: NodeJS.Signals): void;
}

/** Handles the signals that ask this process to stop, in two steps. Returns a signal that the first request aborts. */
export function handleStopSignals({ signals, onStop, onHardStop }: StopSteps): AbortSignal {
  const stop = new AbortController();
  let firstAtMs = 0;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (!stop.signal.aborted) {
      firstAtMs = Date.now();
      onStop(signal);
      stop.abort();
    } else if (Date.now() - firstAtMs >= SAME_REQUEST_MS) onHardStop(signal);
  };
  for (const signal of signals) process.on(signal, onSignal);
  return stop.signal;
}

/** Resolves when the signal is aborted. */
export function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}

/** The promise's value, or a rejection as soon as the signal is aborted; the promise itself goes on. */
export async function orAborted<Value>(promise: Promise<Value>, signal: AbortSignal): Promise<Value> {
  signal.throwIfAborted();
  const { promise: abort, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([promise, abort]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
