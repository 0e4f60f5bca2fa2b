/** How much was published and stored at a moment. */
export interface Sample {
  atMs: number;
  published: number;
  stored: number;
}

/** The longest time in which there was something to store and nothing was stored, in milliseconds. */
export function longestStallMs(samples: readonly Sample[]): number {
  let longestMs = 0;
  let waitsSinceMs: number | undefined;
  let storedBefore = 0;
  for (const { atMs, published, stored } of samples) {
    if (waitsSinceMs !== undefined) longestMs = Math.max(longestMs, atMs - waitsSinceMs);
    if (stored > storedBefore) waitsSinceMs = undefined;
    if (stored < published) waitsSinceMs ??= atMs;
    else waitsSinceMs = undefined;
    storedBefore = stored;
  }
  return Math.round(longestMs);
}

/** Calls `look` regularly until disposed; a look that fails is left out, and a slow one delays the next. */
export function sample(look: () => Promise<Sample>, intervalMs: number): Disposable & { samples: Sample[] } {
  const samples: Sample[] = [];
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  const again = async (): Promise<void> => {
    await look().then(
      (seen) => samples.push(seen),
      () => undefined,
    );
    if (!stopped) timer = setTimeout(again, intervalMs);
  };
  timer = setTimeout(again, intervalMs);
  return {
    samples,
    [Symbol.dispose]() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
