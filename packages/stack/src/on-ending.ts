/**
 * Calls `stop` on a signal that asks this process to end, and lets the signal take effect afterwards, unless somebody
 * else listens for it too, who then ends the process in their own way. `abandon` is the last resort of a process that exits
 * otherwise. Returns how to undo this.
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
 * signal-exit, which proper-lockfile brings along, listens for every signal as soon as it is loaded, and ends the process
 * only if nobody else listens: it does not count, but it must be told again.
 */
function isListenedFor(signal: NodeJS.Signals): boolean {
  const { __signal_exit_emitter__: emitter } = process as { __signal_exit_emitter__?: { count: number } };
  return process.listenerCount(signal) > (emitter?.count ?? 0);
}
