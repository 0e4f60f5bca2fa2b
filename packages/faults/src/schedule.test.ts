import fc from "fast-check";
import { expect, test } from "vitest";
import { type Fault, planFaults, targets } from "./schedule.ts";

const seeds = fc.integer();
const loads = fc.integer({ min: 20_000, max: 3_600_000 });
const counts = fc.integer({ min: 9, max: 40 });

test("the same seed gives the same plan", () => {
  fc.assert(
    fc.property(seeds, loads, counts, (seed, loadMs, count) => {
      expect(planFaults(seed, loadMs, count)).toEqual(planFaults(seed, loadMs, count));
    }),
  );
});

test("different seeds give different plans", () => {
  const plans = Array.from({ length: 100 }, (_, seed) => JSON.stringify(planFaults(seed, 120_000, 9)));
  expect(new Set(plans).size).toBe(100);
});

test("a plan has the requested number of faults, in order of time, all during the load", () => {
  fc.assert(
    fc.property(seeds, loads, counts, (seed, loadMs, count) => {
      const plan = planFaults(seed, loadMs, count);
      expect(plan).toHaveLength(count);
      plan.forEach(({ atMs, durationMs, share }, position) => {
        expect(atMs).toBeGreaterThanOrEqual(plan[position - 1]?.atMs ?? 0);
        expect(atMs).toBeLessThan(loadMs);
        expect(durationMs).toBeGreaterThanOrEqual(0);
        expect(durationMs).toBeLessThanOrEqual(20_000);
        expect(share).toBeGreaterThan(0);
      });
    }),
  );
});

test("every plan has three kills, a freeze, a rebalance, two service faults, a network fault and an API fault", () => {
  fc.assert(
    fc.property(seeds, loads, counts, (seed, loadMs, count) => {
      const plan = planFaults(seed, loadMs, count);
      const has = (...kinds: Fault["kind"][]): number => plan.filter(({ kind }) => kinds.includes(kind)).length;
      expect(has("kill")).toBeGreaterThanOrEqual(3);
      expect(has("freeze")).toBeGreaterThanOrEqual(1);
      expect(has("rolling-restart", "scale")).toBeGreaterThanOrEqual(1);
      expect(has("stop-service")).toBeGreaterThanOrEqual(1);
      expect(has("kill-service")).toBeGreaterThanOrEqual(1);
      expect(has("cut", "blackhole", "slow")).toBeGreaterThanOrEqual(1);
      expect(has("embeddings")).toBeGreaterThanOrEqual(1);
    }),
  );
});

test("a fault's target fits its kind, and a few seeds cover all targets", () => {
  const seen = new Set<string>();
  for (let seed = 0; seed < 300; seed++) {
    for (const { kind, target } of planFaults(seed, 120_000, 12)) {
      expect(targets[kind]).toContain(target);
      seen.add(`${kind} ${target}`);
    }
  }
  expect(seen.size).toBe(Object.values(targets).flat().length);
});

test("a freeze exceeds the session timeout however short the run", () => {
  fc.assert(
    fc.property(seeds, loads, (seed, loadMs) => {
      for (const { kind, durationMs } of planFaults(seed, loadMs, 12)) {
        if (kind === "freeze") expect(durationMs).toBeGreaterThan(6_000);
      }
    }),
  );
});

test("service outages last as long as requested, and other faults are unaffected", () => {
  const usual = planFaults(7, 240_000, 40);
  const long = planFaults(7, 240_000, 40, 60_000);
  const outages = long.filter(({ kind }) => kind === "stop-service" || kind === "kill-service");
  expect(Math.max(...outages.map(({ durationMs }) => durationMs))).toBeGreaterThan(20_000);
  expect(long.map(({ atMs, kind, target }) => ({ atMs, kind, target }))).toEqual(
    usual.map(({ atMs, kind, target }) => ({ atMs, kind, target })),
  );
});
