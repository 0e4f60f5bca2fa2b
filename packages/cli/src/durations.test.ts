import { expect, test } from "vitest";
import { parseDuration, parseMoment } from "./durations.ts";

test.each([
  ["50ms", 50],
  ["1.5s", 1_500],
  ["15m", 900_000],
  ["2h", 7_200_000],
])("%s is %d ms", (text, durationMs) => expect(parseDuration(text)).toBe(durationMs));

test.each(["", "50", "ms", "-1s", "1e3s", "1 s", "1d"])("%j is not a duration", (text) => {
  expect(() => parseDuration(text)).toThrow("Not a duration");
});

test("a moment is a time, or a duration ago", () => {
  expect(parseMoment("2026-01-31T12:00:00Z")).toBe(1_769_860_800_000);
  expect(Math.abs(Date.now() - 900_000 - parseMoment("15m"))).toBeLessThan(10_000);
  expect(() => parseMoment("tomorrow")).toThrow("Not a time");
});
