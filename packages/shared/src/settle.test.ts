import { Writable } from "node:stream";
import fc from "fast-check";
import { afterEach, expect, test, vi } from "vitest";
import { backoffDelayMs } from "./backoff.ts";
import { type Fault, poison, retryable, type Split } from "./fault.ts";
import { Health } from "./health.ts";
import { Log } from "./log.ts";
import { type Patience, settle } from "./settle.ts";

/** The pauses between attempts, in milliseconds. */
const pauses = vi.hoisted((): number[] => []);
vi.mock("node:timers/promises", async (load) => {
  const timers = await load<typeof import("node:timers/promises")>();
  const setTimeout: typeof timers.setTimeout = (delayMs, ...more) => {
    pauses.push(delayMs ?? 0);
    return timers.setTimeout(delayMs, ...more);
  };
  return { ...timers, setTimeout };
});
afterEach(() => vi.restoreAllMocks());

function patience(hardStop = new AbortController().signal): Patience & { lines: string[] } {
  const lines: string[] = [];
  const destination = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk));
      done();
    },
  });
  return {
    log: new Log("test", { destination }),
    health: new Health(),
    backoff: { initialMs: 1, maxMs: 2 },
    hardStop,
    lines,
  };
}

const operation = { dependency: "store", action: "sink.bulk_write" } as const;

test("every item ends either done or poison, however often what may heal fails", async () => {
  const fates = fc.array(fc.record({ failures: fc.nat(3), poisoned: fc.boolean() }), { maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(fates, async (items) => {
      const attempts = new Map<object, number>();
      const settled = await settle(
        items,
        operation,
        async (some) => {
          const split: Split<(typeof items)[number]> = { done: [], failed: [] };
          for (const item of some) {
            const attempt = (attempts.get(item) ?? 0) + 1;
            attempts.set(item, attempt);
            const fault: Fault =
              attempt <= item.failures ? retryable("unavailable", "away") : poison("rejected", "bad");
            if (attempt <= item.failures || item.poisoned) split.failed.push({ item, fault });
            else split.done.push(item);
          }
          return split;
        },
        patience(),
      );
      expect(settled.done.length + settled.poison.length).toBe(items.length);
      expect(new Set(settled.done)).toEqual(new Set(items.filter(({ poisoned }) => !poisoned)));
      for (const item of items) expect(attempts.get(item)).toBe(item.failures + 1);
    }),
    { numRuns: 50 },
  );
});

test("while it waits, health says for what and since when, and the log says why", async () => {
  const waits = patience();
  let seen: unknown;
  let attempts = 0;
  await settle(
    [1],
    operation,
    async (items) => {
      if (attempts++ > 0) seen = structuredClone(waits.health.dependencies);
      return attempts < 3
        ? { done: [], failed: items.map((item) => ({ item, fault: retryable("unavailable", "connection refused") })) }
        : { done: [...items], failed: [] };
    },
    waits,
  );
  expect(seen).toEqual({ store: { state: "waiting", since: expect.any(String), cause: "connection refused" } });
  expect(waits.health.dependencies.store?.state).toBe("working");
  const logged = waits.lines.map((line) => JSON.parse(line));
  expect(logged.map(({ status }) => status)).toEqual(["retry", "retry", "ok"]);
  expect(logged[0]).toMatchObject({ action: "sink.bulk_write", details: { cause: "connection refused", waiting: 1 } });
});

test("each pause has twice the ceiling of the one before, and begins with what the server asked for", async () => {
  vi.spyOn(Math, "random").mockReturnValue(0.5);
  pauses.length = 0;
  let attempts = 0;
  await settle(
    [1],
    operation,
    async (items) => {
      const fault = retryable("rate_limited", "slow down", attempts === 2 ? 7 : undefined);
      return attempts++ < 5
        ? { done: [], failed: items.map((item) => ({ item, fault })) }
        : { done: [...items], failed: [] };
    },
    { ...patience(), backoff: { initialMs: 2, maxMs: 16 } },
  );
  expect(pauses).toEqual([1, 2, 7 + 4, 8, 8]);
});

test("a hard stop ends the waiting by rejection, so that nothing is taken for done", async () => {
  const stop = new AbortController();
  const waits = { ...patience(stop.signal), backoff: { initialMs: 60_000, maxMs: 60_000 } };
  const never = settle(
    [1],
    operation,
    async (items) => {
      setTimeout(() => stop.abort(), 5);
      return { done: [], failed: items.map((item) => ({ item, fault: retryable("timeout", "slow", 1_000) })) };
    },
    waits,
  );
  await expect(never).rejects.toThrow(/abort/i);
});

test("backoff doubles up to its cap, is spread over the whole range, and honours what the server asked for", () => {
  const settings = { initialMs: 100, maxMs: 5_000 };
  expect(backoffDelayMs(0, settings, 0, () => 1)).toBe(100);
  expect(backoffDelayMs(3, settings, 0, () => 1)).toBe(800);
  expect(backoffDelayMs(50, settings, 0, () => 1)).toBe(5_000);
  expect(backoffDelayMs(50, settings, 0, () => 0)).toBe(0);
  expect(backoffDelayMs(0, settings, 7_000, () => 0.5)).toBe(7_050);
});
