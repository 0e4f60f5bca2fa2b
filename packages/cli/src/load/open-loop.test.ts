import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { runOpenLoop } from "./open-loop.ts";
import { type Phase, schedule } from "./profiles.ts";

const phases: Phase[] = [{ name: "steady", ratePerS: 200, durationMs: 200 }];
const never = new AbortController().signal;

test("all that is due is sent though nothing is answered, none of it early", async () => {
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

test("a stall is in the latency of each request that it held up, not of one alone", async () => {
  const latenciesMs: number[] = [];
  const send = async (due: { afterMs: number }, dueAtMs: number) => {
    if (due.afterMs === 0) await sleep(300);
    latenciesMs.push(performance.now() - dueAtMs);
  };
  await runOpenLoop(schedule(phases), { send, inFlightMax: 1, stop: never });
  expect(latenciesMs).toHaveLength(40);
  // The last one was due 195 ms after the start, and waited for the end of the stall.
  for (const [index, latencyMs] of latenciesMs.entries()) expect(latencyMs).toBeGreaterThan(295 - index * 5);
});

test("nothing is sent after a stop, and what was sent is waited for", async () => {
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
