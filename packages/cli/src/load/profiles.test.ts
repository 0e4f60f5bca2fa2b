import fc from "fast-check";
import { expect, test } from "vitest";
import { profiles, requestsOf, schedule } from "./profiles.ts";

const phase = fc.record({
  name: fc.constant("any"),
  ratePerS: fc.integer({ min: 1, max: 500 }),
  durationMs: fc.integer({ min: 100, max: 1_000 }),
});

test("requests are due in order, evenly within their phase, and as many as the rate requires", () => {
  fc.assert(
    fc.property(fc.array(phase, { minLength: 1, maxLength: 3 }), (phases) => {
      const all = [...schedule(phases)];
      expect(all.map(({ afterMs }) => afterMs)).toEqual(all.map(({ afterMs }) => afterMs).toSorted((a, b) => a - b));
      let startMs = 0;
      for (const [index, each] of phases.entries()) {
        const due = all.filter(({ phase: of }) => of === index);
        expect(due).toHaveLength(requestsOf(each));
        due.forEach(({ afterMs }, at) => {
          expect(afterMs).toBeCloseTo(startMs + (at * 1_000) / each.ratePerS, 6);
          expect(afterMs).toBeLessThanOrEqual(startMs + each.durationMs);
        });
        startMs += each.durationMs;
      }
    }),
    { numRuns: 40 },
  );
});

test("a spike is five times the rate in the middle third", () => {
  const phases = profiles.spike.phases(10, 30_000);
  expect(phases).toEqual([
    { name: "before", ratePerS: 10, durationMs: 10_000 },
    { name: "spike", ratePerS: 50, durationMs: 10_000 },
    { name: "after", ratePerS: 10, durationMs: 10_000 },
  ]);
  expect([...schedule(phases)]).toHaveLength(700);
});
