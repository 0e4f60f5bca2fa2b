import { randomUUID } from "node:crypto";
import { afterAll, expect, test } from "vitest";
import { admitTo } from "../src/admission.ts";
import type { EmbeddingProvider } from "../src/provider.ts";
import { queryRoute } from "../src/query-route.ts";
import { createRateBudget } from "../src/rate-budget.ts";
import { accountKey, createRateBucket } from "../src/redis/rate-bucket.ts";
import { createSpendingCounter } from "../src/redis/spending-counter.ts";
import { createSpendingBudget } from "../src/spending-budget.ts";
import { openTestRedis, testPatience } from "./support.ts";

const redis = await openTestRedis();
afterAll(() => redis.quit());
const limits = { texts: 256, tokens: 300_000 };

/** Never responds; rejects when aborted, as a provider does. */
function silentProvider() {
  const { promise: asked, resolve: ask } = Promise.withResolvers<void>();
  const provider: EmbeddingProvider = {
    embed: (_, { signal } = {}) =>
      new Promise((_resolve, reject) => {
        signal?.addEventListener("abort", () => reject(signal.reason));
        ask();
      }),
  };
  return { provider, asked };
}

/** A dollar per million tokens, and a million tokens per minute. */
function openBudgets(patience = testPatience()) {
  const bucket = createRateBucket(redis, accountKey(randomUUID(), "http://server/v1", "m"));
  const settled: unknown[] = [];
  const spied = {
    ...bucket,
    settle: async (...parameters: Parameters<typeof bucket.settle>) => void settled.push(parameters[1].taken),
  };
  const heard = { tokens: { limit: 1_000_000, remaining: 1_000_000 } };
  const price = { usdPerDay: 1, usdPerMillionTokens: 1 };
  const spending = createSpendingBudget(createSpendingCounter(redis, randomUUID()), patience, price);
  return { settled, budgets: { rate: createRateBudget(spied, patience.log, heard, 1), spending } };
}

test("a request whose caller disconnects is settled: it counts as sent and paid, and is logged", async () => {
  const patience = testPatience();
  const { settled, budgets } = openBudgets(patience);
  const { provider, asked } = silentProvider();
  const admission = admitTo(provider, 4, limits, patience, budgets);
  const caller = new AbortController();
  const text = "how do I limit concurrency? ".repeat(1_000);
  const asking = queryRoute(admission, patience.log).request("/embed", {
    method: "POST",
    body: JSON.stringify({ text }),
    signal: caller.signal,
  });
  await asked;
  caller.abort();
  expect((await asking).status).toBe(503);
  expect(settled).toEqual([{ requests: 1, tokens: expect.any(Number) }]);
  expect(admission.paidTokens).toBeGreaterThan(text.length / 5);
  expect(budgets.spending.leftUsd).toBeCloseTo(1 - admission.paidTokens / 1_000_000, 6);
  expect(patience.lines()).toMatchObject([
    { action: "embed.query", status: "retry", details: { cause: expect.stringContaining("disconnected") } },
  ]);
});

test("without a budget, too, the tokens of queries count as paid", async () => {
  const { budgets } = openBudgets();
  const account = { requests: 1, tokens: 7, allowances: {} };
  const provider = {
    embed: async () => ({ model: "m", dimensions: 1, vectors: Float32Array.of(1), failed: [], account }),
  };
  const admission = admitTo(provider, 4, limits, testPatience(), { rate: budgets.rate });
  await admission.embedAtOnce(["lost card"]);
  expect(admission.paidTokens).toBe(7);
});
