import { expect, test } from "vitest";
import { Measurements } from "./measure.ts";
import { profiles } from "./profiles.ts";
import { loadTable, reportOf, type Thresholds } from "./report.ts";

const phases = profiles.spike.phases(1, 3_000);

/** Ten requests: one failed, the others were answered after 40 ms, one of them in the spike after 90 ms. */
function measured(change: Partial<Measurements> = {}): Measurements {
  const measurements = Object.assign(
    new Measurements(3),
    { sent: 10, answered: 9, sampled: 9, durationMs: 3_000 },
    change,
  );
  measurements.errors.set("503", 1);
  measurements.publish[0]?.record(40, 8);
  measurements.publish[1]?.record(90);
  measurements.stored.record(300, 9);
  return measurements;
}

const verdict = (thresholds: Thresholds, change: Partial<Measurements> = {}) =>
  reportOf("spike", phases, measured(change), thresholds).passed;

test("a run within every limit passes", () => {
  expect(verdict({ errorRate: 0.1 })).toBe(true);
  expect(verdict({ errorRate: 0.1, p99PublishMs: 95, p99StoredMs: 310 })).toBe(true);
});

test.each<[string, Thresholds, Partial<Measurements>]>([
  ["errors", { errorRate: 0.09 }, {}],
  ["slow answers", { errorRate: 1, p99PublishMs: 30 }, {}],
  ["slow storing", { errorRate: 1, p99StoredMs: 250 }, {}],
  ["a message that was not stored", { errorRate: 1 }, { missing: 1 }],
  ["a dead letter", { errorRate: 1 }, { deadLettered: 1 }],
])("a run fails for %s", (_what, thresholds, change) => expect(verdict(thresholds, change)).toBe(false));

test("a run without measurements proves nothing", () => {
  const report = reportOf("spike", phases, new Measurements(3), {
    errorRate: 0.5,
    p99PublishMs: 1_000,
    p99StoredMs: 1_000,
  });
  expect(report.checks.filter(({ passed }) => !passed).map(({ name }) => name)).toEqual([
    "error rate",
    "p99 publish (ms)",
    "p99 publish → stored (ms)",
  ]);
});

test("the report has each phase, and names the exceeded limit", () => {
  const report = reportOf("spike", phases, measured(), { errorRate: 0 });
  expect(report.phases.map(({ name, publish }) => [name, publish.count])).toEqual([
    ["before", 8],
    ["spike", 1],
    ["after", 0],
  ]);
  expect(report.publish).toMatchObject({ count: 9, maxMs: 90 });
  expect(loadTable(report)).toContain("spike: 10 sent at 3.3 a second, 9 published, 1 failed (1 503)");
  expect(loadTable(report)).toContain("FAIL  error rate: 0.1, limit 0");
});
