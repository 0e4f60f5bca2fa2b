import { Writable } from "node:stream";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { BackgroundWork } from "./background-work.ts";
import { Health } from "./health.ts";
import { Log } from "./log.ts";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["performance"] });
});
afterEach(() => {
  vi.useRealTimers();
});

function open() {
  const lines: { level: string; action: string; details: unknown }[] = [];
  const destination = new Writable({
    write(chunk, _encoding, done) {
      lines.push(JSON.parse(String(chunk)));
      done();
    },
  });
  const health = new Health();
  const work = new BackgroundWork("kafka.commit", { log: new Log("test", { destination }), health });
  return { work, lines, state: () => health.dependencies["kafka.commit"] };
}

test("work that succeeds leaves no trace", () => {
  const { work, lines, state } = open();
  work.succeeded();
  expect([work.failures, lines, state()]).toEqual([0, [], undefined]);
});

test("a failure that lasts is counted, named in health, and logged at warn every ten seconds until it is over", () => {
  const { work, lines, state } = open();
  for (let tenths = 0; tenths < 150; tenths++) {
    work.failed(new Error("denied"));
    vi.advanceTimersByTime(100);
  }
  expect(work.failures).toBe(150);
  expect(state()).toMatchObject({ state: "waiting", cause: "denied" });
  work.succeeded();
  expect(state()?.state).toBe("working");
  expect(lines.map(({ level, details }) => [level, details])).toEqual([
    ["warn", { cause: "denied", failures: 1 }],
    ["warn", { cause: "denied", failures: 101 }],
    ["info", { failures: 150, failedForMs: 15_000 }],
  ]);
});

test("the next failure is logged at once", () => {
  const { work, lines } = open();
  work.failed("one");
  work.succeeded();
  work.failed("two");
  expect(lines.map(({ level }) => level)).toEqual(["warn", "info", "warn"]);
});

test("work that is run reports how it ended", async () => {
  const { work, state } = open();
  await expect(work.run(() => Promise.reject(new Error("away")))).rejects.toThrow("away");
  expect(state()).toMatchObject({ state: "waiting", cause: "away" });
  expect(await work.run(async () => "done")).toBe("done");
  expect(state()?.state).toBe("working");
});
