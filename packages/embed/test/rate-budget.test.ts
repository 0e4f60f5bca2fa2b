import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { startEmbeddingsApi } from "@millrace/testbed";
import { afterAll, expect, test } from "vitest";
import { admitTo } from "../src/admission.ts";
import { createOpenAIProvider } from "../src/openai/provider.ts";
import type { EmbeddingProvider } from "../src/provider.ts";
import { createRateBudget, type RateBudget } from "../src/rate-budget.ts";
import { accountKey, createRateBucket, type RateBucket } from "../src/redis/rate-bucket.ts";
import { eventually, openTestRedis, testPatience } from "./support.ts";

const redis = await openTestRedis();
afterAll(() => redis.quit());
const never = new AbortController().signal;

const MODEL = "text-embedding-3-small";
const DIMENSIONS = 64;

function providerAt(baseUrl: string): EmbeddingProvider {
  return createOpenAIProvider({
    provider: "openai",
    apiKey: "key",
    baseUrl,
    model: MODEL,
    requestedDimensions: DIMENSIONS,
    expectedDimensions: DIMENSIONS,
    timeoutMs: 5_000,
  });
}

function newBucket(): RateBucket {
  return createRateBucket(redis, accountKey(randomUUID(), "http://server/v1", MODEL));
}

/** About 1,000 tokens in 20 distinct texts of 50 each. */
function batch(): string[] {
  return Array.from({ length: 20 }, () => `${randomUUID()} ${"the card has not arrived ".repeat(7)}`.slice(0, 200));
}

/** Embeds batch after batch, several at a time, as one embed process does under a backlog. */
async function drain(provider: EmbeddingProvider, rate: RateBudget, signal: AbortSignal): Promise<number> {
  const patience = testPatience(signal);
  const admission = admitTo(provider, 4, { texts: 256, tokens: 300_000 }, patience, { rate });
  const work = async (): Promise<void> => {
    while (!signal.aborted) await admission.embed(batch()).catch(() => undefined);
  };
  await Promise.all(Array.from({ length: 8 }, work));
  return patience.lines().filter(({ status }) => status === "retry").length;
}

test.each([1, 3])(
  "%d processes use the whole rate limit, and none gets a 429",
  { timeout: 60_000 },
  async (processes) => {
    const perMinute = 240_000;
    await using api = await startEmbeddingsApi({ tokensPerMinute: perMinute, latencyMs: 20 });
    const provider = providerAt(api.baseUrl);
    const bucket = newBucket();
    const probe = await provider.embed(["probe"]);
    const stop = new AbortController();
    const budgets = Array.from({ length: processes }, () =>
      createRateBudget(bucket, testPatience().log, probe.account?.allowances ?? {}, 0.25),
    );
    const drained = Promise.all(budgets.map((rate) => drain(provider, rate, stop.signal)));
    // First drain the initially full bucket.
    while ((await api.stats()).embedded.tokens < perMinute) await sleep(50);
    const [before, startedAt] = [await api.stats(), performance.now()];
    await sleep(8_000);
    const [after, minutes] = [await api.stats(), (performance.now() - startedAt) / 60_000];
    stop.abort();
    expect(await drained).toEqual(budgets.map(() => 0));
    const used = (after.embedded.tokens - before.embedded.tokens) / (perMinute * minutes);
    // As docs/rate-and-cost.md says.
    expect(used).toBeGreaterThan(0.95);
    expect(after.rateLimited).toBe(0);
  },
);

test("leaves room for other clients of the same key", { timeout: 60_000 }, async () => {
  const perMinute = 240_000;
  await using api = await startEmbeddingsApi({ tokensPerMinute: perMinute, latencyMs: 20 });
  const provider = providerAt(api.baseUrl);
  const probe = await provider.embed(["probe"]);
  const stop = new AbortController();
  const rate = createRateBudget(newBucket(), testPatience().log, probe.account?.allowances ?? {}, 0.25);
  const drained = drain(provider, rate, stop.signal);
  while ((await api.stats()).embedded.tokens < perMinute) await sleep(50);
  // A third of the rate limit, unannounced.
  let refused = 0;
  for (let round = 0; round < 10; round++) {
    if ("fault" in (await provider.embed(batch()))) refused++;
    await sleep(750);
  }
  stop.abort();
  await drained;
  const { rateLimited, requests } = await api.stats();
  expect(rateLimited / requests).toBeLessThan(0.05);
  expect(refused).toBeLessThan(5);
});

const heard = { tokens: { limit: 60_000, remaining: 0 } };
const settlement = { taken: { requests: 1, tokens: 100 }, allowances: {}, retryAfterMs: 0 };

test("without Redis a process keeps to its share, logs so once, and uses the shared limits once Redis is back", async () => {
  const bucket = newBucket();
  let away = true;
  let asked = 0;
  const flaky: RateBucket = {
    ...bucket,
    async reserve(...parameters) {
      asked++;
      if (away) throw new Error("no connection");
      return bucket.reserve(...parameters);
    },
  };
  const patience = testPatience();
  const rate = createRateBudget(flaky, patience.log, heard, 0.5);
  const startedAt = performance.now();
  // A quarter of a second each, at half of 1,000 tokens a second.
  for (let request = 0; request < 4; request++)
    (await rate.take({ requests: 1, tokens: 125 }, never)).settle(settlement);
  expect(performance.now() - startedAt).toBeGreaterThan(740);
  expect(asked).toBe(4);
  expect(patience.lines()).toMatchObject([{ action: "embed.rate", status: "retry", details: { localShare: 0.5 } }]);
  away = false;
  // Extrapolated from the last response, not a full bucket.
  const turn = await rate.take({ requests: 1, tokens: 1 }, never);
  turn.settle(settlement);
  expect(patience.lines().slice(1)).toMatchObject([{ action: "embed.rate", status: "ok" }]);
  const { levels } = await bucket.reserve({ requests: 0, tokens: 0 }, {}, false);
  expect(levels.tokens).toBeLessThan(10_000);
});

test("a hard stop rejects waiting requests and returns their reservations", async () => {
  const bucket = newBucket();
  const rate = createRateBudget(bucket, testPatience().log, heard, 0.5);
  const stop = new AbortController();
  const waiting = rate.take({ requests: 1, tokens: 50_000 }, stop.signal);
  const rejected = expect(waiting).rejects.toThrow(/abort/i);
  await sleep(50);
  stop.abort();
  await rejected;
  await eventually(
    async () => (await bucket.reserve({ requests: 0, tokens: 0 }, {}, false)).levels.tokens,
  ).toBeGreaterThan(0);
});

test("interactive requests go at once, and are counted", async () => {
  const bucket = newBucket();
  const rate = createRateBudget(bucket, testPatience().log, heard, 0.5);
  await rate.takeAtOnce({ requests: 1, tokens: 50_000 });
  expect((await bucket.reserve({ requests: 0, tokens: 0 }, {}, false)).levels.tokens).toBeLessThan(-20_000);
});
