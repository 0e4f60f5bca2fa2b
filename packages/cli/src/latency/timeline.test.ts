import fc from "fast-check";
import { expect, test } from "vitest";
import { SLOTS_MAX, Timeline } from "./timeline.ts";

const startMs = Date.parse("2026-01-31T12:00:00Z");
const monthMs = 2_678_400_000;
const events = fc.array(fc.record({ afterMs: fc.nat(monthMs), durationMs: fc.integer({ min: 1, max: 9_999 }) }), {
  minLength: 1,
});

test("whatever the times and their order, there are few slots, nothing is lost, and each event is in its own slot", () => {
  fc.assert(
    fc.property(events, (all) => {
      const timeline = new Timeline();
      for (const { afterMs, durationMs } of all) {
        const cell = timeline.cell(startMs + afterMs, "sink.batch");
        cell.latency.record(durationMs);
        cell.messages += 2;
      }
      const { slots, slotMs } = timeline;
      expect(slots.length).toBeLessThanOrEqual(SLOTS_MAX);
      for (const { atMs, cells } of slots) {
        const within = all.filter(({ afterMs }) => Math.floor((startMs + afterMs) / slotMs) * slotMs === atMs);
        expect(cells.get("sink.batch")?.latency.count).toBe(within.length);
        expect(cells.get("sink.batch")?.messages).toBe(2 * within.length);
      }
      expect(slots.reduce((sum, { cells }) => sum + (cells.get("sink.batch")?.messages ?? 0), 0)).toBe(2 * all.length);
    }),
  );
});

test("a short time has slots of a second, and each series its own cell", () => {
  const timeline = new Timeline();
  timeline.cell(startMs + 1_500, "one").messages += 1;
  timeline.cell(startMs, "one").messages += 1;
  timeline.cell(startMs + 999, "other").messages += 1;
  expect(timeline.slots.map(({ atMs, cells }) => [atMs - startMs, [...cells.keys()]])).toEqual([
    [0, ["one", "other"]],
    [1_000, ["one"]],
  ]);
});
