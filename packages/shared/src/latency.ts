import { createHistogram } from "node:perf_hooks";

export interface LatencySummary {
  count: number;
  p50Ms: number;
  p95Ms: number;
  p99Ms: number;
  maxMs: number;
}

/** The distribution of a duration since the process began, with three significant digits (HDR histogram). */
export class Latency {
  #histogram = createHistogram({ lowest: 1, highest: 3_600_000_000, figures: 3 });

  record(durationMs: number): void {
    this.#histogram.record(Math.min(3_600_000_000, Math.max(1, Math.round(durationMs * 1000))));
  }

  get summary(): LatencySummary {
    const at = (percentile: number): number =>
      this.#histogram.count === 0 ? 0 : this.#histogram.percentile(percentile) / 1000;
    return {
      count: this.#histogram.count,
      p50Ms: at(50),
      p95Ms: at(95),
      p99Ms: at(99),
      maxMs: this.#histogram.count === 0 ? 0 : this.#histogram.max / 1000,
    };
  }
}
