/**
 * Shares one read among all callers while it is pending and for `freshMs` after it ended, so that frequent polling costs
 * the service behind it one request a second.
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
