import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { EmbeddingsFault } from "./settings.ts";
import { type EmbeddingsApi, startEmbeddingsApi } from "./start.ts";
import { textHash, VectorSpace } from "./vectors.ts";

const space = new VectorSpace(64);
let api: EmbeddingsApi;

beforeAll(async () => {
  api = await startEmbeddingsApi();
});

afterEach(() => api.set({ latencyMs: 0, tokensPerMinute: 0, requestsPerMinute: 0, mode: null }));

afterAll(async () => {
  await api[Symbol.asyncDispose]();
});

function post(body: object, headers: Record<string, string> = { authorization: "Bearer any" }, signal?: AbortSignal) {
  return fetch(`${api.baseUrl}/embeddings`, {
    method: "POST",
    body: JSON.stringify(body),
    headers,
    ...(signal && { signal }),
  });
}

function ask(input: readonly string[], signal?: AbortSignal): Promise<Response> {
  const body = { model: "text-embedding-3-small", input, encoding_format: "base64", dimensions: 64 };
  return post(body, undefined, signal);
}

async function vectorsOf(response: Response): Promise<Float32Array[]> {
  const { data } = (await response.json()) as { data: { embedding: string }[] };
  return data.map(({ embedding }) => new Float32Array(new Uint8Array(Buffer.from(embedding, "base64")).buffer));
}

async function under<Result>(fault: EmbeddingsFault, act: () => Promise<Result>, share = 1): Promise<Result> {
  await api.set({ mode: { fault, share } });
  return act();
}

test("returns each text's own vector in both formats, and counts what was paid for", async () => {
  const before = await api.stats();
  expect(await vectorsOf(await ask(["one", "two"]))).toEqual([space.vectorOf("one"), space.vectorOf("two")]);
  const response = await post({ model: "text-embedding-3-small", input: "one", dimensions: 64 });
  const { data, usage } = (await response.json()) as { data: { embedding: number[] }[]; usage: object };
  expect(Float32Array.from(data[0]?.embedding ?? [])).toEqual(space.vectorOf("one"));
  expect(usage).toEqual({ prompt_tokens: 1, total_tokens: 1 });
  const after = await api.stats();
  expect(after.embedded.requests - before.embedded.requests).toBe(2);
  expect(after.embedded.texts - before.embedded.texts).toBe(3);
  expect(after.embedded.tokens - before.embedded.tokens).toBe(3);
  expect(after.paidAgain - before.paidAgain).toBe(1);
  expect((await api.paid()).get(textHash("one"))).toBe(2);
});

test("returns the model's default dimensions if none are requested", async () => {
  const [vector] = await vectorsOf(
    await post({ model: "text-embedding-3-small", input: ["all"], encoding_format: "base64" }),
  );
  expect(vector).toEqual(new VectorSpace(1_536).vectorOf("all"));
});

test.each([
  ["no key", { model: "text-embedding-3-small", input: ["x"] }, {}, 401],
  ["another model", { model: "gpt", input: ["x"] }, undefined, 400],
  ["no input", { model: "text-embedding-3-small", input: [] }, undefined, 400],
  ["an empty text", { model: "text-embedding-3-small", input: [""] }, undefined, 400],
  ["too many inputs", { model: "text-embedding-3-small", input: new Array(2_049).fill("x") }, undefined, 400],
  ["too long a text", { model: "text-embedding-3-small", input: ["a b ".repeat(5_000)] }, undefined, 400],
  [
    "too many tokens",
    { model: "text-embedding-3-small", input: new Array(2_000).fill("x".repeat(800)) },
    undefined,
    400,
  ],
  ["too many dimensions", { model: "text-embedding-3-small", input: ["x"], dimensions: 1_537 }, undefined, 400],
] as const)("refuses %s", async (_, body, headers, status) => {
  expect((await post(body, headers)).status).toBe(status);
});

test("accepts the largest allowed request", async () => {
  expect((await ask(new Array(2_048).fill("x".repeat(580)))).status).toBe(200);
});

test("enforces the token limit, and says how long to wait", async () => {
  await api.set({ tokensPerMinute: 6_000 });
  const first = await ask(["x".repeat(20_000)]);
  expect(first.status).toBe(200);
  expect(first.headers.get("x-ratelimit-limit-tokens")).toBe("6000");
  expect(first.headers.get("x-ratelimit-remaining-tokens")).toBe("1000");
  expect(first.headers.get("x-ratelimit-reset-tokens")).toMatch(/^(50|49\.\d+)s$/);
  expect(first.headers.has("x-ratelimit-limit-requests")).toBe(false);

  const second = await ask(["x".repeat(8_000)]);
  expect(second.status).toBe(429);
  // 1,000 tokens are missing, at 100 per second.
  const retryAfterMs = Number(second.headers.get("retry-after-ms"));
  expect(retryAfterMs).toBeLessThanOrEqual(10_000);
  expect(retryAfterMs).toBeGreaterThan(0);
  expect(second.headers.get("retry-after")).toBe(String(Math.ceil(retryAfterMs / 1_000)));
  expect((await ask(["x".repeat(40)])).status).toBe(200);
});

test("enforces the request limit, and charges nothing for a refused request", async () => {
  await api.set({ requestsPerMinute: 2 });
  const { embedded, rateLimited } = await api.stats();
  const statuses = [await ask(["a"]), await ask(["b"]), await ask(["c"])].map(({ status }) => status);
  expect(statuses).toEqual([200, 200, 429]);
  const after = await api.stats();
  expect(after.embedded.requests - embedded.requests).toBe(2);
  expect(after.rateLimited - rateLimited).toBe(1);
});

test("a request that never fits gets no retry-after", async () => {
  await api.set({ tokensPerMinute: 100 });
  const response = await ask(["x".repeat(404)]);
  expect([response.status, response.headers.get("retry-after")]).toEqual([429, null]);
});

test("responds after the latency", async () => {
  await api.set({ latencyMs: 150 });
  const startedAtMs = performance.now();
  expect((await ask(["late"])).status).toBe(200);
  expect(performance.now() - startedAtMs).toBeGreaterThanOrEqual(149);
});

test("rate-limit answers 429 with retry-after, and error 500; neither is charged", async () => {
  const limited = await under("rate-limit", () => ask(["limited"]));
  expect([limited.status, limited.headers.get("retry-after")]).toEqual([429, "1"]);
  expect((await under("error", () => ask(["limited"]))).status).toBe(500);
  expect((await api.paid()).has(textHash("limited"))).toBe(false);
});

test("hang never answers, and stall answers only half", async () => {
  await expect(under("hang", () => ask(["hangs"], AbortSignal.timeout(200)))).rejects.toThrow(/timeout/);
  const stalled = await under("stall", () => ask(["stalls"], AbortSignal.timeout(2_000)));
  await expect(stalled.text()).rejects.toThrow(/timeout/);
});

test("close breaks off in the middle of the body", async () => {
  const response = await under("close", () => ask(["closes"]));
  expect(response.status).toBe(200);
  await expect(response.text()).rejects.toThrow(/terminated/);
});

test("responds with a wrong count, wrong dimensions, or values that are not numbers", async () => {
  expect(await vectorsOf(await under("wrong-count", () => ask(["one", "two"])))).toHaveLength(1);
  const [short] = await vectorsOf(await under("wrong-dimensions", () => ask(["one"])));
  expect(short).toHaveLength(63);
  const [nan] = await vectorsOf(await under("not-a-number", () => ask(["one"])));
  expect(nan?.[0]).toBeNaN();
});

test("a share of the requests is affected", async () => {
  const statuses = await under("error", () => Promise.all(Array.from({ length: 10 }, () => ask(["shared"]))), 0.3);
  expect(statuses.filter(({ status }) => status === 500)).toHaveLength(3);
});
