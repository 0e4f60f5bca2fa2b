import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { createSpendingCounter, type SpendingCounter } from "../src/redis/spending-counter.ts";
import { createSpendingBudget } from "../src/spending-budget.ts";
import { eventually, openTestRedis, testPatience } from "./support.ts";

const redis = await openTestRedis();
afterAll(() => redis.quit());
const never = new AbortController().signal;
const evening = Date.parse("2026-01-31T23:00:00Z");

/** A dollar per million tokens. */
function open(usdPerDay: number, counter = createSpendingCounter(redis, randomUUID()), now = () => evening) {
  const patience = testPatience();
  return {
    patience,
    counter,
    budget: createSpendingBudget(counter, patience, { usdPerDay, usdPerMillionTokens: 1 }, now),
  };
}

test("several processes together never set more aside than the day's budget, whatever comes back, and refuse nothing that fits", async () => {
  const requests = fc.array(
    fc.record({ tokens: fc.integer({ min: 1, max: 400_000 }), paidShare: fc.double({ min: 0, max: 1, noNaN: true }) }),
    { minLength: 1, maxLength: 10 },
  );
  await fc.assert(
    fc.asyncProperty(requests, async (wanted) => {
      const { counter, budget } = open(1);
      const { budget: other } = open(1, counter);
      let [paid, refused] = [0, 0];
      await Promise.all(
        wanted.map(async ({ tokens, paidShare }, index) => {
          const payment = await (index % 2 === 0 ? budget : other).takeAtOnce(tokens);
          if ("refused" in payment) {
            refused++;
            return;
          }
          const used = Math.floor(tokens * paidShare);
          paid += used;
          payment.settle(used);
        }),
      );
      expect(paid).toBeLessThanOrEqual(1_000_000);
      if (wanted.reduce((sum, { tokens }) => sum + tokens, 0) <= 1_000_000) expect(refused).toBe(0);
      await eventually(async () => (await counter.add("2026-01-31", 0, 0, 0)).total).toBe(paid * 1_000);
    }),
    { numRuns: 30 },
  );
});

test("batches wait until the next day, visibly and with one log line, while smaller ones still pass", async () => {
  let nowMs = evening;
  const { budget, patience } = open(1, undefined, () => nowMs);
  await budget.take(900_000, never);
  let gone = 0;
  const large = [1, 2].map(() => budget.take(200_000, never).then(() => gone++));
  await eventually(() => patience.health.dependencies["embedding-budget"]?.state).toBe("waiting");
  await budget.take(50_000, never);
  expect(patience.health.dependencies["embedding-budget"]).toMatchObject({
    state: "waiting",
    cause: expect.stringMatching(/EMBEDDING_BUDGET_USD_PER_DAY \(1\) is spent.*\$0\.200000.*2026-02-01T00:00:00\.000Z/),
  });
  await sleep(2_500);
  expect(gone).toBe(0);
  nowMs += 3_600_000;
  await Promise.all(large);
  expect(patience.health.dependencies["embedding-budget"]?.state).toBe("working");
  expect(patience.lines().map(({ action, status }) => [action, status])).toEqual([
    ["embed.budget", "retry"],
    ["embed.budget", "ok"],
  ]);
});

test("a process with a larger budget continues where the others stopped", async () => {
  const { budget, counter } = open(1);
  await budget.take(1_000_000, never);
  expect(await budget.takeAtOnce(1)).toHaveProperty("refused");
  expect(await open(2, counter).budget.takeAtOnce(900_000)).not.toHaveProperty("refused");
});

test("a hard stop rejects waiting requests, even one larger than a daily budget", async () => {
  const { budget, patience } = open(1);
  const stop = new AbortController();
  const rejected = expect(budget.take(2_000_000, stop.signal)).rejects.toThrow(/abort/i);
  await eventually(() => patience.health.dependencies["embedding-budget"]?.cause).toMatch(
    /needs \$2\.000000, more than.*raise the budget/,
  );
  stop.abort();
  await rejected;
});

test("a reservation from the previous day is not returned to the next", async () => {
  let nowMs = evening;
  const real = createSpendingCounter(redis, randomUUID());
  const { promise: midnight, resolve: strike } = Promise.withResolvers<void>();
  const slow: SpendingCounter = {
    async add(...parameters) {
      const added = await real.add(...parameters);
      await midnight;
      return added;
    },
  };
  const { budget } = open(1, slow, () => nowMs);
  const taking = budget.takeAtOnce(400_000);
  nowMs += 3_600_000;
  expect(budget.leftUsd).toBe(1);
  strike();
  const payment = await taking;
  if ("refused" in payment) throw new Error(payment.refused);
  payment.settle(100_000);
  await budget.take(1_000, never);
  expect((await real.add("2026-02-01", 0, 0, 0)).total).toBe(1_000 * 1_000);
});

test("without Redis a process continues with what it knows, and reports to Redis later", async () => {
  const real = createSpendingCounter(redis, randomUUID());
  let away = false;
  const flaky: SpendingCounter = {
    add: (...parameters) => (away ? Promise.reject(new Error("no connection")) : real.add(...parameters)),
  };
  const { budget } = open(1, flaky);
  await budget.take(400_000, never);
  away = true;
  await budget.take(500_000, never);
  expect(await budget.takeAtOnce(200_000)).toHaveProperty("refused");
  away = false;
  await budget.take(1_000, never);
  expect((await real.add("2026-01-31", 0, 0, 0)).total).toBe(901_000 * 1_000);
});
