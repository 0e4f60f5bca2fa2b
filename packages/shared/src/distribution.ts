import { DDSketch } from "@datadog/sketches-js";

/** Quantiles are within 1 % of the exact ones. */
export const RELATIVE_ACCURACY = 0.01;

/** A microsecond and a month: they bound the sketch to about 1,100 bins. */
const LOWEST_MS = 0.001;
const HIGHEST_MS = 2_678_400_000;

export interface DistributionSummary {
  count: number;
  p50Ms: number;
  p90Ms: number;
  p99Ms: number;
  maxMs: number;
}

/** The distribution of any number of durations in bounded memory; distributions of the same thing can be merged. */
export class Distribution {
  #sketch = new DDSketch({ relativeAccuracy: RELATIVE_ACCURACY });

  /** @param count how many had this duration */
  record(durationMs: number, count = 1): void {
    this.#sketch.accept(Math.min(HIGHEST_MS, Math.max(LOWEST_MS, durationMs)), count);
  }

  merge(other: Distribution): void {
    this.#sketch.merge(other.#sketch);
  }

  get count(): number {
    return this.#sketch.count;
  }

  /** Exact; 0 for an empty distribution. */
  get maxMs(): number {
    return this.count === 0 ? 0 : rounded(this.#sketch.max);
  }

  /** @param quantile from 0 to 1 */
  quantileMs(quantile: number): number {
    if (this.count === 0) return 0;
    return rounded(Math.min(this.#sketch.getValueAtQuantile(quantile), this.#sketch.max));
  }

  get summary(): DistributionSummary {
    return {
      count: this.count,
      p50Ms: this.quantileMs(0.5),
      p90Ms: this.quantileMs(0.9),
      p99Ms: this.quantileMs(0.99),
      maxMs: this.maxMs,
    };
  }
}

/** To microseconds: more is noise. */
function rounded(ms: number): number {
  return Math.round(ms * 1_000) / 1_000;
}
