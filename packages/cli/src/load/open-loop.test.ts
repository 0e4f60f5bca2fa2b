import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { runOpenLoop } from "./open-loop.ts";
import { type Phase, schedule } from "./profiles.ts";

const phases: Phase[] = [{ name: "steady", ratePerS: 200, durationMs: 200 }];
const never = new AbortController().signal;

test("sends everything that is due although nothing is answered, and nothing early", async () => {
  const gate = Promise.withResolvers<void>();
  const earlyMs: number[] = [];
  const send = (_due: unknown, dueAtMs: number) => {
    earlyMs.push(dueAtMs - performance.now());
    if (earlyMs.length === 40) gate.resolve();
    return gate.promise;
  };
  await runOpenLoop(schedule(phases), { send, inFlightMax: 1_000, stop: never });
  expect(earlyMs).toHaveLength(40);
  expect(Math.max(...earlyMs)).toBeLessThanOrEqual(0.5);
});

test("a stall shows in the latency of every request that it delayed, not in one alone", async () => {
  const latenciesMs: number[] = [];
  const send = async (due: { afterMs: number }, dueAtMs: number) => {
    if (due.afterMs === 0) await sleep(300);
    latenciesMs.push(performance.now() - dueAtMs);
  };
  await runOpenLoop(schedule(phases), { send, inFlightMax: 1, stop: never });
  expect(latenciesMs).toHaveLength(40);
  // The last request was due 195 ms after the start, and waited for the end of the stall.
  for (const [index, latencyMs] of latenciesMs.entries()) expect(latencyMs).toBeGreaterThan(295 - index * 5);
});

test("sends nothing after a stop, and waits for what was sent", async () => {
  const stopping = new AbortController();
  let over = 0;
  const send = async (due: { afterMs: number }) => {
    if (due.afterMs >= 50) stopping.abort();
    await sleep(20);
    over++;
  };
  await runOpenLoop(schedule(phases), { send, inFlightMax: 1_000, stop: stopping.signal });
  expect(over).toBe(11);
});
