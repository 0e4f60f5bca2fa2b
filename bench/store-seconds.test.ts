import { expect, test } from "vitest";
import { storeClock } from "./store-seconds.ts";

function line(second: number, action: string, status: string, durationMs: number, items: number): string {
  const time = new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString();
  return JSON.stringify({ time, service: "sink", action, status, durationMs, details: { items } });
}

test("the clock runs from the first request to a store, even a failed one, to the last answer", () => {
  const log = [
    line(1, "process.ready", "ok", 1_000, 0),
    line(10, "sink.bulk_write", "retry", 2_000, 256),
    line(12, "sink.bulk_write", "ok", 1_000, 256),
    line(13, "sink.insert", "ok", 500, 256),
    "plain text",
  ];
  const other = [line(20, "sink.insert", "ok", 100, 44), line(30, "sink.bulk_write", "retry", 9_000, 44)];
  expect(storeClock([log.join("\n"), other.join("\n")])).toEqual({ inserted: 300, seconds: 12 });
});

test("without requests nothing was stored", () => {
  expect(storeClock([""]).inserted).toBe(0);
});
