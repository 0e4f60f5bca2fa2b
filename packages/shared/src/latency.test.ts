import fc from "fast-check";
import { expect, test, vi } from "vitest";
import { bucketBounds, Latency } from "./latency.ts";

/** As Prometheus computes it: linear within the bucket that the rank falls into. */
function histogramQuantile(quantile: number, { cumulative, count }: Latency): number {
  const rank = quantile * count;
  const bucket = cumulative.findIndex((sum) => sum >= rank);
  const [lower, upper] = [bucketBounds[bucket - 1] ?? 0, bucketBounds[bucket] ?? Number.POSITIVE_INFINITY];
  const [below, within] = [cumulative[bucket - 1] ?? 0, (cumulative[bucket] ?? 0) - (cumulative[bucket - 1] ?? 0)];
  return lower + ((upper - lower) * (rank - below)) / within;
}

test("a quantile from the buckets is within 4 % of the exact one, whatever the durations", () => {
  const durations = fc.array(fc.double({ min: 1.0001, max: 10_000, noNaN: true }), { minLength: 1, maxLength: 300 });
  fc.assert(
    fc.property(durations, fc.constantFrom(0.5, 0.9, 0.99), (values, quantile) => {
      const latency = new Latency();
      for (const value of values) latency.record(value);
      const exact = values.toSorted((one, other) => one - other)[Math.ceil(quantile * values.length) - 1] ?? 0;
      const ratio = (histogramQuantile(quantile, latency) * 1_000) / exact;
      expect(ratio).toBeGreaterThan(0.96);
      expect(ratio).toBeLessThan(1.04);
    }),
  );
});

test("the recent figures are those of the last windows, and none after a pause", () => {
  const latency = new Latency();
  latency.record(1_000, 100);
  const now = performance.now();
  expect(latency.recent(now)?.p50Ms).toBeCloseTo(1_000, -2);
  // Within the next window the last one still counts; then it is forgotten.
  expect(latency.recent(now + 6_000)?.p99Ms).toBeCloseTo(1_000, -2);
  expect(latency.recent(now + 12_000)).toBeUndefined();
  expect(latency.count).toBe(100);
});

test("recent quantiles are within 1 % of the exact ones", () => {
  const latency = new Latency();
  for (let ms = 1; ms <= 1_000; ms++) latency.record(ms);
  const { p50Ms = 0, p99Ms = 0 } = latency.recent() ?? {};
  expect(Math.abs(p50Ms / 500 - 1)).toBeLessThan(0.0101);
  expect(Math.abs(p99Ms / 990 - 1)).toBeLessThan(0.0101);
});

test("the summary covers every window, the expired ones too", () => {
  const latency = new Latency();
  const now = performance.now();
  for (let window = 0; window < 5; window++) {
    vi.spyOn(performance, "now").mockReturnValue(now + window * 6_000);
    latency.record(10 ** window);
  }
  vi.spyOn(performance, "now").mockReturnValue(now + 300_000);
  expect(latency.summary).toEqual({
    count: 5,
    p50Ms: expect.closeTo(100, -1),
    p95Ms: expect.closeTo(1_000, -2),
    p99Ms: expect.closeTo(1_000, -2),
    maxMs: 10_000,
  });
  vi.restoreAllMocks();
});

test("buckets ascend, and each has what is at or below its bound", () => {
  expect(bucketBounds.toSorted((one, other) => one - other)).toEqual(bucketBounds);
  expect(new Set(bucketBounds).size).toBe(bucketBounds.length);
  for (const [index, bound] of bucketBounds.entries()) {
    const latency = new Latency();
    latency.record(bound * 999.999);
    expect(latency.cumulative.indexOf(1), `${bound} s`).toBe(index);
  }
});

test("many of one duration are recorded at once", () => {
  const latency = new Latency();
  latency.record(12, 3);
  latency.record(7_200_000);
  expect(latency.count).toBe(4);
  expect(latency.sumSeconds).toBeCloseTo(7_200.036);
  // The longest is above every bound.
  expect(latency.cumulative.at(-1)).toBe(3);
  const { count, p50Ms } = latency.summary;
  expect(count).toBe(4);
  expect(Math.abs(p50Ms / 12 - 1)).toBeLessThan(0.0101);
});
