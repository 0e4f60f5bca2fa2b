import { createHistogram } from "node:perf_hooks";

export interface LatencySummary {
  count: number;
  p50Ms: number;
  p95Ms: number;
  p99Ms: number;
  maxMs: number;
  /** Of the last five to ten seconds, within 5 %; absent where nothing was measured then. */
  recent?: { p50Ms: number; p99Ms: number } | undefined;
}

const STEPS_PER_DECADE = 60;
const WINDOW_MS = 5_000;

/**
 * Upper bounds in seconds of the buckets that Prometheus is given. From 0.1 ms to 10 s each is 3.9 % above the one before, so
 * that a quantile computed from them is within 4 % of the exact one, whatever the distribution, and within 5 % of one that
 * a sketch knows to 1 %; beyond, they only tell fast from slow.
 */
export const bucketBounds: readonly number[] = [
  ...Array.from({ length: 5 * STEPS_PER_DECADE + 1 }, (_, step) =>
    Number((0.0001 * 10 ** (step / STEPS_PER_DECADE)).toPrecision(4)),
  ),
  ...[20, 30, 60, 120, 300, 600, 1_800, 3_600],
];

/**
 * The distribution of a duration since the process began: for people with three significant digits (HDR histogram), for
 * Prometheus in buckets.
 */
export class Latency {
  #histogram = createHistogram({ lowest: 1, highest: 3_600_000_000, figures: 3 });
  /** Counts by bucket; the last one has no upper bound. */
  #buckets = new Float64Array(bucketBounds.length + 1);
  #sumMs = 0;
  /** The buckets as they were when the present window began, and the one before it. */
  #windows = { startedAt: 0, present: this.#buckets.slice(), before: this.#buckets.slice() };

  /** @param times how many had this duration */
  record(durationMs: number, times = 1): void {
    this.#turn(performance.now());
    const microseconds = Math.min(3_600_000_000, Math.max(1, Math.round(durationMs * 1000)));
    for (let time = 0; time < times; time++) this.#histogram.record(microseconds);
    const bucket = bucketOf(durationMs / 1000);
    this.#buckets[bucket] = (this.#buckets[bucket] ?? 0) + times;
    this.#sumMs += durationMs * times;
  }

  get count(): number {
    return this.#histogram.count;
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

  /** Undefined where nothing was measured lately. */
  recent(now = performance.now()): LatencySummary["recent"] {
    this.#turn(now);
    const counts = this.#buckets.map((count, bucket) => count - (this.#windows.before[bucket] ?? 0));
    const total = counts.reduce((sum, count) => sum + count, 0);
    return total === 0
      ? undefined
      : { p50Ms: quantileMs(counts, total * 0.5), p99Ms: quantileMs(counts, total * 0.99) };
  }

  #turn(now: number): void {
    const elapsedMs = now - this.#windows.startedAt;
    if (elapsedMs < WINDOW_MS) return;
    const present = this.#buckets.slice();
    this.#windows = { startedAt: now, present, before: elapsedMs < 2 * WINDOW_MS ? this.#windows.present : present };
  }

  get summary(): LatencySummary {
    const recent = this.recent();
    const at = (percentile: number): number =>
      this.#histogram.count === 0 ? 0 : this.#histogram.percentile(percentile) / 1000;
    return {
      count: this.#histogram.count,
      p50Ms: at(50),
      p95Ms: at(95),
      p99Ms: at(99),
      maxMs: this.#histogram.count === 0 ? 0 : this.#histogram.max / 1000,
      ...(recent && { recent }),
    };
  }
}

/** Where the rank falls within its bucket, as Prometheus computes it; the last bucket is taken for its lower bound. */
function quantileMs(counts: Float64Array, rank: number): number {
  let below = 0;
  for (const [bucket, count] of counts.entries()) {
    const lower = bucketBounds[bucket - 1] ?? 0;
    const upper = bucketBounds[bucket] ?? lower;
    if (below + count >= rank) return (lower + ((upper - lower) * (rank - below)) / count) * 1000;
    below += count;
  }
  return 0;
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
