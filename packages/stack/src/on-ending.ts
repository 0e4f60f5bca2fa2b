/**
 * Calls `stop` on a signal that asks this process to stop, then lets the signal take effect, unless another listener
 * handles it and ends the process its own way. `abandon` is the last resort when the process exits otherwise. Returns a
 * function that undoes this.
 */
export function onEnding(stop: () => Promise<unknown>, abandon: () => void): () => void {
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  const release = (): void => {
    for (const signal of signals) process.off(signal, onSignal);
    process.off("exit", abandon);
  };
  const onSignal = (signal: NodeJS.Signals): void => {
    void stop().then(() => {
      release();
      if (!isListenedFor(signal)) process.kill(process.pid, signal);
    });
  };
  for (const signal of signals) process.on(signal, onSignal);
  process.on("exit", abandon);
  return release;
}

/**
 * proper-lockfile loads signal-exit, which listens for every signal and ends the process only if nobody else listens:
 * its listeners do not count, but the signal must be raised again for them.
 */
function isListenedFor(signal: NodeJS.Signals): boolean {
  const { __signal_exit_emitter__: emitter } = process as { __signal_exit_emitter__?: { count: number } };
  return process.listenerCount(signal) > (emitter?.count ?? 0);
}
