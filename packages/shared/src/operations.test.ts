import { expect, test } from "vitest";
import { Log } from "./log.ts";
import { RecentDuration } from "./recent-duration.ts";

function silentLog(): Log {
  return new Log("test", { level: "silent" });
}

test("what the log is told is counted by outcome, and timed where it ended well", () => {
  const log = silentLog();
  log.record("sink.insert", "ok", 4);
  log.record("sink.insert", "retry", 9_000);
  log.record("process.stop", "ok", 50_000);
  expect([...log.operations.statuses()]).toContainEqual({ operation: "sink.insert", status: "retry", count: 1 });
  const four = expect.closeTo(4, 1);
  const recent = { p50Ms: four, p99Ms: four };
  expect(log.operations.summaries()).toEqual({
    "sink.insert": { count: 1, p50Ms: four, p95Ms: four, p99Ms: four, maxMs: four, recent },
  });
});

test("an operation that hangs is slow before it ends, and one that was slow stays so for a while", () => {
  const { operations } = silentLog();
  const [now, slow] = [performance.now(), { operation: "sink.bulk_write", dependency: "opensearch" }];
  const end = operations.begin("sink.bulk_write", "opensearch");
  expect(operations.slowerThan(1_000)).toEqual([]);
  expect([...operations.recent(now + 30_000)]).toMatchObject([{ ...slow, recentMs: expect.closeTo(30_000, -2) }]);
  end();
  expect([...operations.recent(now + 30_000)]).toEqual([{ ...slow, recentMs: 0 }]);
  operations.record("sink.bulk_write", "ok", 3_000);
  expect(operations.slowerThan(1_000)).toEqual([{ ...slow, recentMs: 3_000 }]);
});

test("retries are counted by dependency and reason, from zero on", () => {
  const { operations } = silentLog();
  operations.begin("sink.insert", "postgres")();
  expect([...operations.retries()].map(({ count }) => count)).toEqual([0, 0, 0, 0]);
  operations.retried("postgres", "timeout");
  expect([...operations.retries()]).toContainEqual({ dependency: "postgres", code: "timeout", count: 1 });
});

test("the recent duration is weighted by time, and forgets what is older than two windows", () => {
  const recent = new RecentDuration();
  expect(recent.at(0)).toBe(0);
  for (let time = 0; time < 50; time++) recent.add(20, 100_000);
  expect(recent.at(101_000)).toBe(20);
  recent.add(3_000, 103_000);
  // Three of four seconds were spent on the slow one.
  expect(recent.at(104_000)).toBe(2_255);
  expect(recent.at(106_000)).toBe(2_255);
  recent.add(10, 107_000);
  expect(recent.at(111_500)).toBe(10);
  expect(recent.at(130_000)).toBe(0);
});
