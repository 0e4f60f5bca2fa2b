import { afterAll, expect, test } from "vitest";
import { createLocalProvider } from "../src/local/provider.ts";
import { openPool } from "../src/pool.ts";
import { serveEmbeddings, vectorOf, wellBehaved } from "./embeddings-server.ts";
import { embedded } from "./provider.contract.ts";

const DIMENSIONS = 256;
const pool = openPool({ provider: "local" }, 1, 4);
afterAll(() => pool[Symbol.asyncDispose]());
const local = createLocalProvider();
const never = new AbortController().signal;

async function embedTexts(texts: readonly string[]) {
  const outcome = await pool.embed(texts, never);
  if ("fault" in outcome) throw new Error(outcome.fault.cause);
  return outcome;
}

test("the worker thread starts from the sources and gives the vectors of texts", async () => {
  const texts = ["lost card", "refund please", "where is my money?"];
  const outcome = await embedTexts(texts);
  expect(outcome).toMatchObject({ model: "static-minilm-l6-256", dimensions: DIMENSIONS, failed: [] });
  expect(outcome.vectors).toEqual((await embedded(local, texts)).vectors);
});

test("the vectors arrive in memory of their own, batch by batch", async () => {
  const first = await embedTexts(["lost card", "refund"]);
  const before = first.vectors.slice();
  const second = await embedTexts(["something else", "and more", "and yet more"]);
  expect(first.vectors.buffer.byteLength).toBe(2 * DIMENSIONS * 4);
  expect(second.vectors.buffer.byteLength).toBe(3 * DIMENSIONS * 4);
  expect(second.vectors.buffer).not.toBe(first.vectors.buffer);
  expect(first.vectors).toEqual(before);
});

test("a text that fails in the worker fails alone", async () => {
  const outcome = await embedTexts(["lost card", "\u200b", "refund"]);
  expect(outcome.failed).toEqual([{ index: 1, fault: { kind: "poison", code: "invalid", cause: expect.any(String) } }]);
  expect(outcome.vectors.length).toBe(2 * DIMENSIONS);
});

test("many batches at once get their own vectors", async () => {
  const batches = Array.from({ length: 20 }, (_, batch) => [`batch ${batch}`, `more of batch ${batch}`]);
  const outcomes = await Promise.all(batches.map((texts) => embedTexts(texts)));
  for (const [index, { vectors }] of outcomes.entries()) {
    expect(vectors).toEqual((await embedded(local, batches[index] ?? [])).vectors);
  }
});

test("an aborted signal ends the waiting by rejection", async () => {
  await using server = await serveEmbeddings(() => undefined);
  await using hanging = openPool(
    { provider: "openai", apiKey: "key", baseUrl: server.url, model: "m", timeoutMs: 60_000 },
    1,
    4,
  );
  const stop = new AbortController();
  const waiting = hanging.embed(["text"], stop.signal);
  const rejected = expect(waiting).rejects.toThrow(/abort/i);
  await expect.poll(() => server.requests.length, { timeout: 10_000 }).toBe(1);
  stop.abort();
  await rejected;
  await expect(pool.embed(["text"], AbortSignal.abort())).rejects.toThrow(/abort/i);
});

test("with the openai provider vectors and faults cross the thread as they are, several requests at once", async () => {
  let inFlight = 0;
  let most = 0;
  await using server = await serveEmbeddings((request, response) => {
    most = Math.max(most, ++inFlight);
    setTimeout(() => {
      inFlight--;
      if (request.input[0] === "limit") response.writeHead(429, { "retry-after-ms": "70" }).end("{}");
      else wellBehaved(6)(request, response);
    }, 100);
  });
  await using remote = openPool(
    { provider: "openai", apiKey: "key", baseUrl: server.url, model: "m", timeoutMs: 5_000 },
    1,
    4,
  );
  const outcomes = await Promise.all(["a", "b", "c", "limit"].map((text) => remote.embed([text], never)));
  expect(outcomes[1]).toEqual({
    model: "m",
    dimensions: 6,
    vectors: vectorOf("b", 6),
    failed: [],
    account: { requests: 1, tokens: 1, allowances: {} },
  });
  expect(outcomes[3]).toMatchObject({ fault: { kind: "retryable", code: "rate_limited", retryAfterMs: 70 } });
  expect(most).toBe(4);
});
