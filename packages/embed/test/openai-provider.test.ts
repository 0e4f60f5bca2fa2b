import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import type { ProviderSettings } from "../src/config.ts";
import { createOpenAIProvider } from "../src/openai/provider.ts";
import {
  answer,
  type EmbeddingsServer,
  itemsOf,
  type Reply,
  sendJson,
  serveEmbeddings,
  vectorOf,
  wellBehaved,
} from "./embeddings-server.ts";
import { describeProvider, embedded } from "./provider.contract.ts";
import { CLOSED_PORT } from "./support.ts";

const DIMENSIONS = 8;
const API_KEY = "sk-secret-of-the-test";

type OpenAISettings = Extract<ProviderSettings, { provider: "openai" }>;

function open(server: Pick<EmbeddingsServer, "url">, settings: Partial<OpenAISettings> = {}) {
  return createOpenAIProvider({
    provider: "openai",
    apiKey: API_KEY,
    baseUrl: server.url,
    model: "test-model",
    expectedDimensions: DIMENSIONS,
    timeoutMs: 2_000,
    ...settings,
  });
}

const contractServer = await serveEmbeddings(wellBehaved(DIMENSIONS, "not this"));
afterAll(() => contractServer[Symbol.asyncDispose]());
describeProvider("openai", {
  provider: open(contractServer),
  model: "test-model",
  dimensions: DIMENSIONS,
  unembeddable: "not this",
});

test("requests base64 with the key and the model, and dimensions only if set", async () => {
  await using server = await serveEmbeddings(wellBehaved(DIMENSIONS));
  await embedded(open(server), ["text"]);
  await embedded(open(server, { requestedDimensions: DIMENSIONS }), ["text", "\u{1f600}"]);
  expect(server.requests).toEqual([
    { model: "test-model", input: ["text"], encoding_format: "base64" },
    { model: "test-model", input: ["text", "\u{1f600}"], encoding_format: "base64", dimensions: DIMENSIONS },
  ]);
  expect(server.headers.map(({ authorization }) => authorization)).toEqual(Array(2).fill(`Bearer ${API_KEY}`));
});

test("a response in another order is put into the order of the texts", async () => {
  await using server = await serveEmbeddings(({ input }, response) =>
    sendJson(response, 200, answer(itemsOf(input, DIMENSIONS).toReversed())),
  );
  const { vectors } = await embedded(open(server), ["a", "b", "c"]);
  expect(vectors).toEqual(Float32Array.from(["a", "b", "c"].flatMap((text) => [...vectorOf(text, DIMENSIONS)])));
});

test("the dimensions of an unknown model come from its response", async () => {
  await using server = await serveEmbeddings(wellBehaved(5));
  const settings = {
    provider: "openai",
    apiKey: API_KEY,
    baseUrl: server.url,
    model: "unknown",
    timeoutMs: 2_000,
  } as const;
  expect(await embedded(createOpenAIProvider(settings), ["a", "b"])).toMatchObject({ dimensions: 5 });
});

const status =
  (code: number, headers: Record<string, string> = {}): Reply =>
  (_, response) =>
    sendJson(response, code, { error: { message: `status ${code}` } }, headers);
const items =
  (change: (texts: readonly string[]) => readonly unknown[]): Reply =>
  ({ input }, response) =>
    sendJson(response, 200, answer(change(input)));
const withEmbedding = (embedding: unknown): Reply =>
  items((texts) => itemsOf(texts, DIMENSIONS).map((item, index) => (index === 1 ? { ...item, embedding } : item)));
const withNumber = (number: number): Reply =>
  withEmbedding(Buffer.from(new Float32Array(DIMENSIONS).fill(number).buffer).toString("base64"));

test.each<[name: string, reply: Reply, code: string, retryAfterMs?: number]>([
  ["429", status(429), "rate_limited", 0],
  ["429 with retry-after in seconds", status(429, { "retry-after": "2" }), "rate_limited", 2_000],
  ["429 with retry-after-ms", status(429, { "retry-after-ms": "150", "retry-after": "2" }), "rate_limited", 150],
  ["429 with a retry-after of a day", status(429, { "retry-after": "86400" }), "rate_limited", 60_000],
  ["429 with an invalid retry-after", status(429, { "retry-after": "soon" }), "rate_limited", 0],
  ["500", status(500), "unavailable"],
  ["503 with retry-after", status(503, { "retry-after": "1" }), "unavailable", 1_000],
  ["401", status(401), "misconfigured"],
  ["403", status(403), "misconfigured"],
  ["404", status(404), "misconfigured"],
  ["400 for any request", status(400), "misconfigured"],
  ["nothing, ever", () => undefined, "timeout"],
  [
    "an endless body",
    (_, response) => response.writeHead(200, { "content-type": "application/json" }).write('{"data":['),
    "timeout",
  ],
  [
    "a truncated body",
    (_, response) => {
      response.writeHead(200, { "content-type": "application/json", "content-length": "1000" }).write('{"data":[');
      setTimeout(() => response.destroy(), 20);
    },
    "unavailable",
  ],
  [
    "an HTML page",
    (_, response) => response.writeHead(200, { "content-type": "text/html" }).end("<html>"),
    "unavailable",
  ],
  ["JSON without data", (_, response) => sendJson(response, 200, {}), "unavailable"],
  ["too few vectors", items((texts) => itemsOf(texts, DIMENSIONS).slice(1)), "unavailable"],
  ["too many vectors", items((texts) => itemsOf([...texts, "one more"], DIMENSIONS)), "unavailable"],
  [
    "one index twice",
    items((texts) => itemsOf(texts, DIMENSIONS).map((item) => ({ ...item, index: 0 }))),
    "unavailable",
  ],
  [
    "an index out of range",
    items((texts) => itemsOf(texts, DIMENSIONS).map((item) => ({ ...item, index: 7 }))),
    "unavailable",
  ],
  ["vectors of other dimensions", items((texts) => itemsOf(texts, DIMENSIONS + 1)), "unavailable"],
  ["one shorter vector", withEmbedding(Buffer.alloc(4 * DIMENSIONS - 4).toString("base64")), "unavailable"],
  ["half a number", withEmbedding(Buffer.alloc(4 * DIMENSIONS - 1).toString("base64")), "unavailable"],
  ["an empty vector", withEmbedding(""), "unavailable"],
  ["numbers instead of base64", withEmbedding([1, 2, 3]), "unavailable"],
  ["NaN", withNumber(Number.NaN), "unavailable"],
  ["an infinite number", withNumber(Number.POSITIVE_INFINITY), "unavailable"],
])("a response of %s is retryable, and detected within the timeout", { timeout: 15_000 }, async (...given) => {
  const [, reply, code, retryAfterMs] = given;
  await using server = await serveEmbeddings(reply);
  const outcome = await open(server).embed(["a", "b", "c"]);
  expect(outcome).toMatchObject({ fault: { kind: "retryable", code } });
  if (retryAfterMs !== undefined) expect(outcome).toMatchObject({ fault: { retryAfterMs } });
  expect(JSON.stringify(outcome)).not.toContain(API_KEY);
});

test("a retry-after date is converted to a delay", async () => {
  const date = new Date(Date.now() + 30_000).toUTCString();
  await using server = await serveEmbeddings(status(429, { "retry-after": date }));
  const outcome = await open(server).embed(["a"]);
  const waitMs = "fault" in outcome ? (outcome.fault.retryAfterMs ?? 0) : 0;
  expect(waitMs).toBeGreaterThan(20_000);
  expect(waitMs).toBeLessThanOrEqual(30_000);
});

test("a closed port is retryable", async () => {
  const outcome = await open({ url: `http://127.0.0.1:${CLOSED_PORT}/v1` }).embed(["a"]);
  expect(outcome).toMatchObject({ fault: { kind: "retryable", code: "unavailable" } });
});

test("a key echoed in a server's error is redacted", async () => {
  await using server = await serveEmbeddings((_, response) =>
    sendJson(response, 401, { error: { message: `Incorrect API key provided: ${API_KEY}.` } }),
  );
  const outcome = await open(server).embed(["a"]);
  expect(outcome).toMatchObject({ fault: { code: "misconfigured" } });
  expect(JSON.stringify(outcome)).not.toContain(API_KEY);
});

test.each([0, 17, 63])("one refused input of 64, at %i, is found by bisection and fails alone", async (bad) => {
  const texts = Array.from({ length: 64 }, (_, index) => (index === bad ? "refuse this" : `text ${index}`));
  await using server = await serveEmbeddings(wellBehaved(DIMENSIONS, "refuse this"));
  const { vectors, failed } = await embedded(open(server), texts);
  expect(failed).toEqual([
    { index: bad, fault: { kind: "poison", code: "rejected", cause: expect.stringContaining("400") } },
  ]);
  const good = texts.filter((_, index) => index !== bad);
  expect(vectors).toEqual(Float32Array.from(good.flatMap((text) => [...vectorOf(text, DIMENSIONS)])));
  // The whole, two halves on each of six levels, and the harmless text.
  expect(server.requests.length).toBe(1 + 2 * 6 + 1);
});

test("a request that is too large is split", async () => {
  await using server = await serveEmbeddings((request, response) =>
    request.input.length > 10
      ? sendJson(response, 400, { error: { message: "max 10 inputs" } })
      : wellBehaved(DIMENSIONS)(request, response),
  );
  const texts = Array.from({ length: 64 }, (_, index) => `text ${index}`);
  const { vectors, failed } = await embedded(open(server), texts);
  expect(failed).toEqual([]);
  expect(vectors).toEqual(Float32Array.from(texts.flatMap((text) => [...vectorOf(text, DIMENSIONS)])));
});

test("concurrent requests of any size get their own vectors, in the caller's memory if provided", async () => {
  await using server = await serveEmbeddings((request, response) =>
    setTimeout(() => wellBehaved(DIMENSIONS)(request, response), request.input.length % 7),
  );
  const provider = open(server, { timeoutMs: 5_000 });
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 8 }), async (sizes) => {
      const batches = sizes.map((size, batch) => Array.from({ length: size }, (_, index) => `${batch} ${index}`));
      const given = new Set<Float32Array>();
      const allocate = (length: number) => {
        const vectors = new Float32Array(length);
        given.add(vectors);
        return vectors;
      };
      const answers = await Promise.all(batches.map((texts) => provider.embed(texts, { allocate })));
      for (const [index, texts] of batches.entries()) {
        const answer = answers[index];
        if (!answer || "fault" in answer) throw new Error(answer?.fault.cause);
        expect(answer.vectors).toEqual(Float32Array.from(texts.flatMap((text) => [...vectorOf(text, DIMENSIONS)])));
        expect(given).toContain(answer.vectors);
      }
    }),
    { numRuns: 20 },
  );
});

test("an aborted signal rejects the request", async () => {
  await using server = await serveEmbeddings(() => undefined);
  const provider = open(server, { timeoutMs: 60_000 });
  const stop = new AbortController();
  const rejected = expect(provider.embed(["text"], { signal: stop.signal })).rejects.toThrow(/abort/i);
  await expect.poll(() => server.requests.length, { timeout: 10_000 }).toBe(1);
  stop.abort();
  await rejected;
  await expect(provider.embed(["text"], { signal: AbortSignal.abort() })).rejects.toThrow(/abort/i);
});
