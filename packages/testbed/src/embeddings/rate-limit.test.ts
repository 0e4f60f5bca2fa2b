import fc from "fast-check";
import { expect, test } from "vitest";
import { formatReset, RateLimit } from "./rate-limit.ts";

test("allows a minute's worth at once, then as much as flows in", () => {
  const limit = new RateLimit(600, 0);
  limit.take(600, 0);
  expect(limit.waitMs(10, 0)).toBe(1_000);
  expect(limit.waitMs(10, 1_000)).toBe(0);
  expect(limit.state(30_000)).toEqual({ limit: 600, remaining: 300, resetMs: 30_000 });
  expect(limit.state(1e9)).toEqual({ limit: 600, remaining: 600, resetMs: 0 });
  expect(limit.waitMs(601, 1e9)).toBe(Number.POSITIVE_INFINITY);
});

test("without a limit nothing waits", () => {
  const limit = new RateLimit(0);
  limit.take(1e9);
  expect([limit.waitMs(1e9), limit.state()]).toEqual([0, undefined]);
});

test("after the advised waits, no period uses more than the bucket and its refill", () => {
  const requests = fc.array(fc.record({ amount: fc.integer({ min: 1, max: 100 }), pauseMs: fc.nat(5_000) }));
  fc.assert(
    fc.property(fc.integer({ min: 100, max: 10_000 }), requests, (perMinute, wanted) => {
      const limit = new RateLimit(perMinute, 0);
      let nowMs = 0;
      let taken = 0;
      for (const { amount, pauseMs } of wanted) {
        nowMs += pauseMs;
        // A rounding error must not make the wait too short.
        nowMs += limit.waitMs(amount, nowMs);
        limit.take(amount, nowMs);
        taken += amount;
        expect(taken).toBeLessThanOrEqual(perMinute + (nowMs / 60_000) * perMinute + 1e-6);
      }
    }),
  );
});

test.each([
  [0, "0ms"],
  [16.2, "17ms"],
  [8_640, "8.64s"],
  [59_999, "60s"],
  [119_800, "2m0s"],
  [360_000, "6m0s"],
])("%d ms is written as %s", (ms, text) => {
  expect(formatReset(ms)).toBe(text);
});
