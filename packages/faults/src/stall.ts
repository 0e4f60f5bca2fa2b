import type { Injected } from "./inject.ts";

/** Messages published and stored at one moment. */
export interface Sample {
  /** Since the load began. */
  atMs: number;
  published: number;
  stored: number;
}

/** A time in which there was something to store and nothing was stored. */
export interface Stall {
  fromMs: number;
  toMs: number;
}

/** What explains a stall. */
export interface ExplainedStall extends Stall {
  /** The faults of that time, each with when it began and when it was healed. */
  during: string[];
  /** From the last of these remedies until something was stored; absent where no fault was healed by then. */
  resumedAfterMs?: number;
}

export function longestStall(samples: readonly Sample[]): Stall {
  let longest: Stall = { fromMs: 0, toMs: 0 };
  let waitsSinceMs: number | undefined;
  let storedBefore = 0;
  for (const { atMs, published, stored } of samples) {
    if (waitsSinceMs !== undefined && atMs - waitsSinceMs > lengthMs(longest)) {
      longest = { fromMs: waitsSinceMs, toMs: atMs };
    }
    if (stored > storedBefore) waitsSinceMs = undefined;
    if (stored < published) waitsSinceMs ??= atMs;
    else waitsSinceMs = undefined;
    storedBefore = stored;
  }
  return { fromMs: Math.round(longest.fromMs), toMs: Math.round(longest.toMs) };
}

export function explain({ fromMs, toMs }: Stall, faults: readonly Injected[]): ExplainedStall {
  const overlapping = faults.filter(({ startedAtMs, healedAtMs }) => startedAtMs < toMs && healedAtMs > fromMs);
  const healed = overlapping.map(({ healedAtMs }) => healedAtMs).filter((healedAtMs) => healedAtMs <= toMs);
  return {
    ...{ fromMs, toMs },
    during: overlapping.map(({ name, startedAtMs, healedAtMs }) => `${name} ${range(startedAtMs, healedAtMs)}`),
    ...(healed.length > 0 && { resumedAfterMs: toMs - Math.max(...healed) }),
  };
}

export function lengthMs({ fromMs, toMs }: Stall): number {
  return toMs - fromMs;
}

function range(fromMs: number, toMs: number): string {
  return `${Math.round(fromMs / 1_000)}–${Math.round(toMs / 1_000)} s`;
}

/** Calls `look` regularly until disposed; skips failed samples, and a slow one delays the next. */
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
