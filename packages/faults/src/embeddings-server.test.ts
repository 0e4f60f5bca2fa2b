import { afterAll, beforeAll, expect, test } from "vitest";
import { type EmbeddingsServer, startEmbeddingsServer } from "./embeddings-server.ts";
import type { EmbeddingsFault } from "./schedule.ts";
import { hashOf, vectorOf } from "./vector-of.ts";

let server: EmbeddingsServer;

beforeAll(async () => {
  server = await startEmbeddingsServer();
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

function ask(input: readonly string[], signal?: AbortSignal): Promise<Response> {
  return fetch(`http://127.0.0.1:${server.port}/v1/embeddings`, {
    method: "POST",
    body: JSON.stringify({ model: "fake-embedding", input, encoding_format: "base64", dimensions: 64 }),
    ...(signal && { signal }),
  });
}

async function vectorsOf(response: Response): Promise<Float32Array[]> {
  const { data } = (await response.json()) as { data: { embedding: string }[] };
  return data.map(({ embedding }) => new Float32Array(new Uint8Array(Buffer.from(embedding, "base64")).buffer));
}

async function under<Result>(fault: EmbeddingsFault, act: () => Promise<Result>, share = 1): Promise<Result> {
  server.mode = { fault, share };
  try {
    return await act();
  } finally {
    server.mode = undefined;
  }
}

test("answers with each text's own vector, and counts what was paid for", async () => {
  const before = server.paid.get(hashOf("one")) ?? 0;
  expect(await vectorsOf(await ask(["one", "two"]))).toEqual([vectorOf("one"), vectorOf("two")]);
  expect(vectorOf("one")).not.toEqual(vectorOf("two"));
  expect(server.paid.get(hashOf("one"))).toBe(before + 1);
});

test("refuses what is no request for this model", async () => {
  const response = await fetch(`http://127.0.0.1:${server.port}/v1/embeddings`, { method: "POST", body: "{}" });
  expect(response.status).toBe(400);
});

test("rate-limit answers 429 with retry-after, and error 500; neither is paid for", async () => {
  const limited = await under("rate-limit", () => ask(["limited"]));
  expect([limited.status, limited.headers.get("retry-after")]).toEqual([429, "1"]);
  expect((await under("error", () => ask(["limited"]))).status).toBe(500);
  expect(server.paid.has(hashOf("limited"))).toBe(false);
});

test("hang never answers, and stall not all of it", async () => {
  await expect(under("hang", () => ask(["hangs"], AbortSignal.timeout(200)))).rejects.toThrow(/timeout/);
  const stalled = await under("stall", () => ask(["stalls"], AbortSignal.timeout(200)));
  await expect(stalled.text()).rejects.toThrow(/timeout/);
});

test("close breaks off in the middle of the body", async () => {
  const response = await under("close", () => ask(["closes"]));
  expect(response.status).toBe(200);
  await expect(response.text()).rejects.toThrow(/terminated/);
});

test("answers with a wrong count, wrong dimensions, or what is no number", async () => {
  expect(await vectorsOf(await under("wrong-count", () => ask(["one", "two"])))).toHaveLength(1);
  const [short] = await vectorsOf(await under("wrong-dimensions", () => ask(["one"])));
  expect(short).toHaveLength(63);
  const [nan] = await vectorsOf(await under("not-a-number", () => ask(["one"])));
  expect(nan?.[0]).toBeNaN();
});

test("a share of the requests is hit", async () => {
  const statuses = await under("error", () => Promise.all(Array.from({ length: 10 }, () => ask(["shared"]))), 0.3);
  expect(statuses.filter(({ status }) => status === 500)).toHaveLength(3);
});
