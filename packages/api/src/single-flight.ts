/**
 * Shares one reading among all who ask while it is under way, and for `freshMs` after it ended, so that polling many
 * times a second costs the service behind it one request a second.
 */
export function singleFlight<Value>(read: () => Promise<Value>, freshMs: number): () => Promise<Value> {
  let latest: Promise<Value> | undefined;
  let reading = false;
  let endedAt = 0;
  return () => {
    if (latest && (reading || performance.now() - endedAt < freshMs)) return latest;
    reading = true;
    latest = read().finally(() => {
      reading = false;
      endedAt = performance.now();
    });
    return latest;
  };
}
