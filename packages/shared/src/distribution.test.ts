import fc from "fast-check";
import { expect, test } from "vitest";
import { Distribution, RELATIVE_ACCURACY } from "./distribution.ts";

const durations = fc.array(fc.double({ min: 0.01, max: 600_000, noNaN: true }), { minLength: 1, maxLength: 400 });

function distributionOf(values: readonly number[]): Distribution {
  const distribution = new Distribution();
  for (const value of values) distribution.record(value);
  return distribution;
}

test("every quantile is within the accuracy of the exact one, and the maximum is exact", () => {
  fc.assert(
    fc.property(durations, fc.constantFrom(0, 0.5, 0.9, 0.99, 1), (values, quantile) => {
      const distribution = distributionOf(values);
      const exact = values.toSorted((one, other) => one - other)[Math.floor(quantile * (values.length - 1))] ?? 0;
      const tolerance = exact * RELATIVE_ACCURACY + 0.001;
      expect(Math.abs(distribution.quantileMs(quantile) - exact)).toBeLessThanOrEqual(tolerance);
      expect(distribution.summary.maxMs).toBeCloseTo(Math.max(...values), 3);
    }),
  );
});

test("distributions that are merged are the distribution of all", () => {
  fc.assert(
    fc.property(durations, durations, (some, others) => {
      const merged = distributionOf(some);
      merged.merge(distributionOf(others));
      expect(merged.summary).toEqual(distributionOf([...some, ...others]).summary);
    }),
  );
});

test("a count stands for so many equal durations, and nothing is zero", () => {
  const distribution = new Distribution();
  expect(distribution.summary).toEqual({ count: 0, p50Ms: 0, p90Ms: 0, p99Ms: 0, maxMs: 0 });
  distribution.record(10, 98);
  distribution.record(500, 2);
  expect(distribution.summary).toMatchObject({ count: 100, maxMs: 500 });
  expect(distribution.summary.p90Ms).toBeCloseTo(10, 0);
  expect(Math.abs(distribution.summary.p99Ms - 500)).toBeLessThanOrEqual(5);
});
