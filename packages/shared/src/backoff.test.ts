import fc from "fast-check";
import { expect, test } from "vitest";
import { backoffDelayMs } from "./backoff.ts";

const settings = fc
  .record({ initialMs: fc.integer({ min: 1, max: 60_000 }), maxMs: fc.integer({ min: 1, max: 600_000 }) })
  .filter(({ initialMs, maxMs }) => initialMs <= maxMs);

test("property 16, retry backoff: the ceiling doubles up to the cap, and every delay is random below it", () => {
  fc.assert(
    fc.property(
      settings,
      fc.nat({ max: 1_000 }),
      fc.nat({ max: 60_000 }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (given, attempt, retryAfterMs, chance) => {
        const ceilingOf = (of: number) => backoffDelayMs(of, given, 0, () => 1);
        const delayMs = backoffDelayMs(attempt, given, retryAfterMs, () => chance);
        expect(delayMs).toBeCloseTo(retryAfterMs + chance * ceilingOf(attempt), 6);
        expect(ceilingOf(0)).toBe(given.initialMs);
        expect(ceilingOf(attempt + 1)).toBe(Math.min(given.maxMs, Math.max(ceilingOf(attempt) * 2, 1)));
      },
    ),
  );
});
