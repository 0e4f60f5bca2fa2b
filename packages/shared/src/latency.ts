import { Distribution } from "./distribution.ts";
import { RecentWindows } from "./recent-windows.ts";

export interface LatencySummary {
  count: number;
  p50Ms: number;
  p95Ms: number;
  p99Ms: number;
  maxMs: number;
  /** Of the last five to ten seconds; absent if nothing was measured then. */
  recent?: { p50Ms: number; p99Ms: number } | undefined;
}

const STEPS_PER_DECADE = 60;

/**
 * Upper bounds in seconds of Prometheus's buckets. From 0.1 ms to 10 s each is 3.9 % above the one before, so that a
 * quantile computed from them is within 4 % of the exact one, whatever the distribution; beyond, they only tell fast
 * from slow.
 */
export const bucketBounds: readonly number[] = [
  ...Array.from({ length: 5 * STEPS_PER_DECADE + 1 }, (_, step) =>
    Number((0.0001 * 10 ** (step / STEPS_PER_DECADE)).toPrecision(4)),
  ),
  ...[20, 30, 60, 120, 300, 600, 1_800, 3_600],
];

/**
 * The distribution of a duration since the process started: quantiles from a sketch, within 1 %, and bucket counts for
 * Prometheus, whose dashboards and rules need fixed bounds.
 */
export class Latency {
  /** Of all windows that are no longer recent: each duration is recorded once and merged when its window expires. */
  #past = new Distribution();
  #windows = new RecentWindows(
    () => new Distribution(),
    (expired) => this.#past.merge(expired),
  );
  /** Counts by bucket; the last one has no upper bound. */
  #buckets = new Float64Array(bucketBounds.length + 1);
  #count = 0;
  #sumMs = 0;

  /** @param times how many had this duration */
  record(durationMs: number, times = 1): void {
    this.#windows.turn(performance.now());
    this.#windows.present.record(durationMs, times);
    const bucket = bucketOf(durationMs / 1000);
    this.#buckets[bucket] = (this.#buckets[bucket] ?? 0) + times;
    this.#count += times;
    this.#sumMs += durationMs * times;
  }

  get count(): number {
    return this.#count;
  }

  get sumSeconds(): number {
    return this.#sumMs / 1000;
  }

  /** How many were at or below each of `bucketBounds`. */
  get cumulative(): number[] {
    let sum = 0;
    return bucketBounds.map((_, bucket) => {
      sum += this.#buckets[bucket] ?? 0;
      return sum;
    });
  }

  /** `undefined` if nothing was measured recently. */
  recent(now = performance.now()): LatencySummary["recent"] {
    const recent = this.#recent(now);
    return recent.count === 0 ? undefined : { p50Ms: recent.quantileMs(0.5), p99Ms: recent.quantileMs(0.99) };
  }

  get summary(): LatencySummary {
    const recent = this.recent();
    const all = this.#recent(performance.now());
    all.merge(this.#past);
    return {
      count: all.count,
      p50Ms: all.quantileMs(0.5),
      p95Ms: all.quantileMs(0.95),
      p99Ms: all.quantileMs(0.99),
      maxMs: all.maxMs,
      ...(recent && { recent }),
    };
  }

  #recent(now: number): Distribution {
    this.#windows.turn(now);
    const recent = new Distribution();
    recent.merge(this.#windows.before);
    recent.merge(this.#windows.present);
    return recent;
  }
}

/** The first bucket whose bound is not below the duration. */
function bucketOf(seconds: number): number {
  let [low, high] = [0, bucketBounds.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((bucketBounds[middle] ?? 0) < seconds) low = middle + 1;
    else high = middle;
  }
  return low;
}
