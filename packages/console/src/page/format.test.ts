import { expect, test } from "vitest";
import { formatAge, formatDuration, formatNumber } from "./format.ts";

test.each([
  [0, "0"],
  [0.42, "0.42"],
  [9.994, "9.99"],
  [9.996, "10.0"],
  [12.34, "12.3"],
  [99.96, "100"],
  [1_234.5, "1,235"],
])("formats %s as %s", (value, shown) => expect(formatNumber(value)).toBe(shown));

test.each([
  [0.421, "0.42 ms"],
  [999.4, "999 ms"],
  [999.6, "1.00 s"],
  [61_000, "61.0 s"],
  [180_000, "3.00 min"],
])("formats %s ms as %s", (ms, shown) => expect(formatDuration(ms)).toBe(shown));

test("formatted values are accurate to half a percent", () => {
  for (let value = 0.2; value < 90_000; value *= 1.037) {
    const shown = Number(formatNumber(value).replaceAll(",", ""));
    expect(Math.abs(shown / value - 1), String(value)).toBeLessThan(value < 1 ? 0.03 : 0.006);
  }
});

test.each([
  [-5, "0 s"],
  [59_400, "59 s"],
  [3_599_000, "59 min"],
  [86_400_000, "1 d"],
])("formats an age of %s ms as %s", (ms, shown) => expect(formatAge(ms)).toBe(shown));
