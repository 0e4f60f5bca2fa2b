import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { aborted, handleStopSignals } from "./stop-signals.ts";

const requests: string[] = [];
let stop: AbortSignal;

beforeEach(() => {
  requests.length = 0;
  stop = handleStopSignals({
    signals: ["SIGUSR2", "SIGWINCH"],
    onStop: (signal) => requests.push(`stop ${signal}`),
    onHardStop: (signal) => requests.push(`hard stop ${signal}`),
  });
});

afterEach(() => {
  for (const signal of ["SIGUSR2", "SIGWINCH"]) process.removeAllListeners(signal);
  vi.useRealTimers();
});

test("the first request stops, and one that follows a second later stops hard", async () => {
  vi.useFakeTimers({ now: 1_000 });
  expect(stop.aborted).toBe(false);
  process.emit("SIGUSR2", "SIGUSR2");
  await aborted(stop);
  vi.setSystemTime(2_000);
  process.emit("SIGWINCH", "SIGWINCH");
  expect(requests).toEqual(["stop SIGUSR2", "hard stop SIGWINCH"]);
});

test("the same request twice within a second is one request", () => {
  vi.useFakeTimers({ now: 1_000 });
  process.emit("SIGUSR2", "SIGUSR2");
  vi.setSystemTime(1_999);
  process.emit("SIGUSR2", "SIGUSR2");
  expect(requests).toEqual(["stop SIGUSR2"]);
});
