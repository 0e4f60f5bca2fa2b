import { randomBytes } from "node:crypto";
import { mkdtemp, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decodeVectors, encodeBatch, vectorKeys } from "@millrace/shared";
import { isolated, startPipeline } from "@millrace/stack";
import { type EmbeddingsApi, startEmbeddingsApi, textHash } from "@millrace/testbed";
import { expect, inject, test } from "vitest";
import { messagesOf } from "./messages.ts";
import { eventually, openEdges, testConfig } from "./support.ts";

/** A real embed process against the fake API, with its input and output topics. */
async function openProcess(api: EmbeddingsApi, environment: Record<string, string>) {
  const names = isolated(randomBytes(6).toString("hex"));
  const edges = await openEdges(testConfig(names));
  const { config, producer, redis } = edges;
  const vectors = await edges.read(config.VECTORS_TOPIC);
  const letters = await edges.read(config.DEAD_LETTERS_TOPIC);
  const logDirectory = await mkdtemp(join(tmpdir(), "millrace-embed-"));
  const start = (more: Record<string, string> = {}) =>
    startPipeline({
      stack: inject("stack"),
      logDirectory,
      counts: { ingest: 0, sink: 0, api: 0 },
      environment: {
        ...names,
        KAFKA_SESSION_TIMEOUT_MS: "6000",
        EMBEDDING_PROVIDER: "openai",
        OPENAI_API_KEY: "key",
        OPENAI_BASE_URL: api.baseUrl,
        OPENAI_EMBEDDING_DIMENSIONS: "64",
        ...environment,
        ...more,
      },
    });
  return {
    start,
    letters: letters.received,
    /** How many of these texts have a vector in the cache. */
    async cached(texts: readonly string[]): Promise<number> {
      const keyOf = vectorKeys({ keyPrefix: config.REDIS_KEY_PREFIX, model: "text-embedding-3-small", dimensions: 64 });
      return redis.exists(...texts.map((text) => keyOf(Buffer.from(text))));
    },
    embedded: () =>
      vectors.received.flatMap(({ value }) =>
        decodeVectors(value ?? Buffer.alloc(0)).messages.map(({ text }) => text.toString()),
      ),
    publish: (texts: readonly string[]) =>
      producer.send(config.BATCHES_TOPIC, [{ value: encodeBatch(messagesOf(texts)) }]),
    async logged(action: string) {
      const lines = (await readFile(join(logDirectory, "embed-1.log"), "utf8")).trimEnd().split("\n");
      return lines.map((line) => JSON.parse(line)).filter((line) => line.action === action);
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([vectors, letters].map((each) => each[Symbol.asyncDispose]()));
      await edges[Symbol.asyncDispose]();
    },
  };
}

/** New texts of 50 tokens each by the server's count. */
function newTexts(count: number): string[] {
  return Array.from({ length: count }, () =>
    `${randomBytes(16).toString("hex")} ${"has not arrived ".repeat(11)}`.slice(0, 200),
  );
}

/** How often these texts were paid for in total; each process start also pays for a few words of its own. */
async function timesPaid(api: EmbeddingsApi, texts: readonly string[]): Promise<number> {
  const paid = await api.paid();
  return texts.reduce((sum, text) => sum + (paid.get(textHash(text)) ?? 0), 0);
}

test("a spent daily budget stops paid requests and nothing else; a larger budget resumes them", {
  timeout: 90_000,
}, async () => {
  await using api = await startEmbeddingsApi();
  // For 1,500 tokens.
  const prices = { EMBEDDING_PRICE_USD_PER_MILLION_TOKENS: "1", EMBEDDING_BUDGET_USD_PER_DAY: "0.0015" };
  await using stage = await openProcess(api, { ...prices, SHUTDOWN_TIMEOUT_MS: "500" });
  const [first, second] = [newTexts(20), newTexts(20)];
  const poor = await stage.start();
  await stage.publish(first);
  await eventually(() => stage.embedded().length).toBe(20);
  await stage.publish(second);
  const ready = `http://127.0.0.1:${poor.process("embed").port}/health/ready`;
  await expect
    .poll(async () => (await fetch(ready)).json(), { timeout: 15_000 })
    .toMatchObject({
      dependencies: { "embedding-budget": { state: "waiting", cause: expect.stringContaining("T00:00:00.000Z") } },
    });
  await stage.publish(first);
  await eventually(() => stage.embedded().length).toBe(40);
  expect(new Set(stage.embedded())).toEqual(new Set(first));
  expect(await stage.logged("embed.budget")).toMatchObject([{ status: "retry" }]);
  await poor.stop();
  expect(await timesPaid(api, [...first, ...second])).toBe(20);

  await using _rich = await stage.start({ EMBEDDING_BUDGET_USD_PER_DAY: "1" });
  await eventually(() => new Set(stage.embedded()).size).toBe(40);
  expect(stage.letters).toEqual([]);
});

test("a process that is killed pays again for no more than it had in flight", { timeout: 150_000 }, async () => {
  const [batches, size, concurrency] = [40, 50, 4];
  // So long that the answers of a round are in the cache well before the next round ends.
  await using api = await startEmbeddingsApi({ latencyMs: 2_000 });
  await using stage = await openProcess(api, {
    EMBED_CONCURRENCY: String(concurrency),
    // No two batches share a request.
    BATCH_MAX_MESSAGES: String(size),
  });
  const texts = newTexts(batches * size);
  for (let batch = 0; batch < batches; batch++) await stage.publish(texts.slice(batch * size, (batch + 1) * size));
  await using pipeline = await stage.start();
  // In the midst of the fourth of ten rounds of requests: all places are taken, and the answers so far are in the cache.
  await eventually(async () => {
    const { embedded, inFlight } = await api.stats();
    const cached = await stage.cached(texts);
    return embedded.requests > 3 * concurrency && inFlight.requests === concurrency && cached + inFlight.texts;
  }, 60_000).toBe(4 * concurrency * size);
  await pipeline.kill("embed");
  const { embedded } = await api.stats();
  expect(embedded.texts).toBeLessThan(batches * size);
  await api.set({ latencyMs: 0 });
  await pipeline.start("embed", 1);
  await eventually(() => new Set(stage.embedded()).size, 60_000).toBe(batches * size);
  const paidAgain = (await timesPaid(api, texts)) - texts.length;
  // Each slot had a request in flight, which the server bills although its response is lost.
  expect(paidAgain).toBeLessThanOrEqual(concurrency * size);
});
