import { diagnose, examineEmbedRoute } from "@millrace/doctor";
import { serveHttp } from "@millrace/shared";
import { afterAll, expect, test } from "vitest";
import { type Admission, admitTo } from "../src/admission.ts";
import { openPool } from "../src/local/pool.ts";
import { createLocalProvider } from "../src/local/provider.ts";
import { createOpenAIProvider } from "../src/openai/provider.ts";
import { queryRoute } from "../src/query-route.ts";
import { sendJson, serveEmbeddings } from "./embeddings-server.ts";
import { embedded } from "./provider.contract.ts";
import { testConfig, testPatience } from "./support.ts";

const limits = { texts: 256, tokens: 300_000 };
const pool = openPool(1);
afterAll(() => pool[Symbol.asyncDispose]());
const local = admitTo(pool, 4, limits, testPatience());

function remote(baseUrl: string): Admission {
  const settings = { provider: "openai", apiKey: "key", baseUrl, model: "m", timeoutMs: 2_000 } as const;
  return admitTo(createOpenAIProvider(settings), 1, limits, testPatience());
}

function post(body: string, route = queryRoute(local, testPatience().log)): Response | Promise<Response> {
  return route.request("/embed", { method: "POST", body, headers: { "content-type": "application/json" } });
}

test("a text becomes its vector, as base64 of little-endian float32", async () => {
  const response = await post(JSON.stringify({ text: "how do I limit concurrency?" }));
  expect(response.status).toBe(200);
  const { model, dimensions, vector } = (await response.json()) as Record<string, unknown>;
  expect({ model, dimensions }).toEqual({ model: "static-minilm-l6-256", dimensions: 256 });
  const bytes = new Uint8Array(Buffer.from(String(vector), "base64"));
  const expected = await embedded(createLocalProvider(), ["how do I limit concurrency?"]);
  expect(new Float32Array(bytes.buffer)).toEqual(expected.vectors);
});

test.each(["", "text", "{}", '{"text":""}', '{"text":1}', '{"text":"a","more":1}', "[]", "null"])(
  "the body %j is refused with 400",
  async (body) => {
    const response = await post(body);
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({ error: expect.any(String) });
  },
);

test("a body over the limit is refused with 413", async () => {
  expect((await post(JSON.stringify({ text: "x".repeat(70_000) }))).status).toBe(413);
});

test("a text without anything to embed is 422", async () => {
  expect((await post(JSON.stringify({ text: "\u200b" }))).status).toBe(422);
});

test("a provider that fails is 503, with the reason in the log and never the text", async () => {
  await using server = await serveEmbeddings((_, response) => sendJson(response, 500, { error: { message: "down" } }));
  const patience = testPatience();
  const response = await post(
    JSON.stringify({ text: "a private question" }),
    queryRoute(remote(server.url), patience.log),
  );
  expect(response.status).toBe(503);
  expect(await response.json()).toEqual({ error: expect.stringContaining("500") });
  expect(patience.lines()).toMatchObject([
    { action: "embed.query", details: { cause: expect.stringContaining("500") } },
  ]);
  expect(JSON.stringify(patience.lines())).not.toContain("private");
});

test("the doctor of the api finds that it answers, or what it says of a provider that fails", async () => {
  expect(await diagnosed(local)).toMatchObject({ status: "ok" });
  await using server = await serveEmbeddings((_, response) => sendJson(response, 500, { error: { message: "down" } }));
  expect(await diagnosed(remote(server.url))).toMatchObject({
    failure: { step: "probe", code: "embed_unavailable", said: expect.stringMatching(/^HTTP 503: .*500/) },
  });
});

async function diagnosed(admission: Admission) {
  await using server = await serveHttp(queryRoute(admission, testPatience().log), "127.0.0.1", 0);
  const examinationsOf = () => examineEmbedRoute({ EMBED_URL: `http://127.0.0.1:${server.port}` });
  const { dependencies } = await diagnose("api", testConfig(), examinationsOf);
  return dependencies[0];
}

test("other methods are not served", async () => {
  expect((await queryRoute(local, testPatience().log).request("/embed")).status).toBe(404);
});
