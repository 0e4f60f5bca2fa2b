import fc from "fast-check";
import { expect, test } from "vitest";
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
  expect(latency.summary).toMatchObject({ count: 4, p50Ms: expect.closeTo(12, 1) });
});
