/** One stop request may arrive twice: sent to the process group, and forwarded by a parent. */
const SAME_REQUEST_MS = 1_000;

export interface StopSteps {
  signals: readonly NodeJS.Signals[];
  /** The first request: stop gracefully. Runs before the returned signal is aborted. */
  onStop(signal: NodeJS.Signals): void;
  /** Every later request: stop at once. */
  onHardStop(signal: NodeJS.Signals): void;
}

/** Handles stop signals in two steps. Returns an abort signal for the first request. */
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

/** Resolves with the promise, or rejects as soon as the signal is aborted; does not cancel the promise itself. */
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
