import { openOpenSearch } from "@millrace/opensearch";
import { testPatience } from "@millrace/testbed";
import { afterAll, beforeAll, expect, test } from "vitest";
import { serveEmbedDouble } from "./embed-double.ts";
import { bodyOf, CLOSED_PORT, isolated, openTestApp, type TestApp } from "./support.ts";

interface SearchBody {
  mode: string;
  hits: { id: string; score: number; text: string; highlight?: string }[];
  degraded?: string;
}

const embed = await serveEmbedDouble({
  "lost card": [1, 0, 0],
  "exchange rate": [0, 1, 0],
  "of another model": [1, 0],
  giraffe: [1, 0, 0],
});
const environment = { ...isolated(), EMBED_URL: embed.url };
const api = openTestApp(environment);
const index = api.config.OPENSEARCH_INDEX;
const opensearch = openOpenSearch(api.config, testPatience());

const documents = [
  {
    id: "messages-0-0",
    topic: "messages",
    offset: 0,
    text: "My card was stolen <b>yesterday</b>",
    vector: [0.9, 0.1, 0],
  },
  { id: "messages-0-1", topic: "messages", offset: 1, text: "Which exchange rate do you use?", vector: [0.1, 0.9, 0] },
  { id: "orders-0-0", topic: "orders", offset: 0, text: "I lost my wallet", vector: [0.8, 0, 0.2] },
  { id: "orders-0-1", topic: "orders", offset: 1, text: "Top-up failed", vector: [0, 0.2, 0.9] },
];

beforeAll(async () => {
  await createIndex(index);
  const body = documents.flatMap(({ id, vector, ...document }) => [
    { index: { _index: index, _id: id } },
    { ...document, vector, partition: 0, timestamp: Date.parse("2026-01-01T12:00:00Z"), model: "test-model" },
  ]);
  await opensearch.bulk({ body, refresh: true });
});
afterAll(async () => {
  await opensearch.indices.delete({ index: `${index}*` });
  await opensearch.close();
  await api[Symbol.asyncDispose]();
  await embed[Symbol.asyncDispose]();
});

/** The index, as created by the sink. */
async function createIndex(name: string): Promise<void> {
  const vector = {
    type: "knn_vector",
    dimension: 3,
    method: { name: "hnsw", engine: "lucene", space_type: "cosinesimil" },
  };
  const properties = {
    ...{ text: { type: "text" }, topic: { type: "keyword" }, model: { type: "keyword" } },
    ...{ partition: { type: "integer" }, offset: { type: "long" }, timestamp: { type: "date" } },
    vector,
  };
  const settings = { "index.knn": true, number_of_shards: 1, number_of_replicas: 0 };
  // The client's types lack vector fields with a method.
  await opensearch.transport.request({ method: "PUT", path: `/${name}`, body: { settings, mappings: { properties } } });
}

async function search(parameters: Record<string, string>, { app }: TestApp = api): Promise<Response> {
  return await app.request(`/search?${new URLSearchParams(parameters)}`);
}

async function found(parameters: Record<string, string>, app: TestApp = api): Promise<SearchBody> {
  const response = await search(parameters, app);
  expect(response.status).toBe(200);
  return await bodyOf<SearchBody>(response);
}

const idsOf = ({ hits }: SearchBody): string[] => hits.map(({ id }) => id);

test("a semantic search finds the nearest vectors, independent of the words", async () => {
  const body = await found({ q: "lost card", k: "2" });
  expect(idsOf(body)).toEqual(["messages-0-0", "orders-0-0"]);
  expect(body).toEqual({
    mode: "semantic",
    hits: [
      {
        id: "messages-0-0",
        score: expect.any(Number),
        text: "My card was stolen <b>yesterday</b>",
        topic: "messages",
        partition: 0,
        offset: 0,
        timestamp: "2026-01-01T12:00:00.000Z",
      },
      expect.anything(),
    ],
  });
  expect(embed.texts).toContain("lost card");
});

test("a text search finds the words, and its highlights are safe to render", async () => {
  const body = await found({ q: "stolen", mode: "text" });
  expect(idsOf(body)).toEqual(["messages-0-0"]);
  expect(body.hits[0]?.highlight).toBe("My card was <em>stolen</em> &lt;b&gt;yesterday&lt;&#x2F;b&gt;");
});

test("a hybrid search fuses both rankings", async () => {
  const body = await found({ q: "lost card", mode: "hybrid", k: "3" });
  expect(body).toMatchObject({ mode: "hybrid" });
  expect(body).not.toHaveProperty("degraded");
  // The words "lost" and "card" are in one text each; the card's vector is nearer.
  expect(new Set(idsOf(body).slice(0, 2))).toEqual(new Set(["messages-0-0", "orders-0-0"]));
  expect(body.hits).toHaveLength(3);
  const both = 1 / 61 + 1 / 62;
  expect(body.hits[0]?.score).toBeGreaterThanOrEqual(both);
});

test("a hybrid search for one hit looks at more: the second by words and by vector is before the first of one alone", async () => {
  const name = `${index}-fusion`;
  await createIndex(name);
  const texts: [string, number[]][] = [
    ["giraffe giraffe", [0, 0, 1]],
    ["There is a giraffe among the many other animals of this zoo", [0.9, 0.1, 0]],
    ["the nearest", [1, 0, 0]],
    // Nearer than the first by words, so that it gains little by its vector.
    ...Array.from({ length: 20 }, (_, at): [string, number[]] => [`filler ${at}`, [0.5, 0.5, 0.01 * at]]),
  ];
  const body = texts.flatMap(([text, vector], offset) => [
    { index: { _index: name, _id: `animals-0-${offset}` } },
    { text, vector, topic: "animals", partition: 0, offset, timestamp: 0, model: "test-model" },
  ]);
  await opensearch.bulk({ body, refresh: true });
  await using app = openTestApp({ ...environment, OPENSEARCH_INDEX: name });
  const best = async (mode: string) => idsOf(await found({ q: "giraffe", mode, k: "1" }, app));
  expect([await best("text"), await best("semantic"), await best("hybrid")]).toEqual([
    ["animals-0-0"],
    ["animals-0-2"],
    ["animals-0-1"],
  ]);
});

test.each(["semantic", "text", "hybrid"])("a %s search can be kept to one topic", async (mode) => {
  const body = await found({ q: "lost card", mode, topic: "orders" });
  expect(idsOf(body)[0]).toBe("orders-0-0");
  expect(idsOf(body).every((id) => id.startsWith("orders-"))).toBe(true);
});

test("returns at most the requested number of hits, and no hit is not an error", async () => {
  expect((await found({ q: "exchange rate", k: "1" })).hits).toHaveLength(1);
  expect((await found({ q: "exchange rate" })).hits).toHaveLength(4);
  expect(await found({ q: "zebra", mode: "text" })).toEqual({ mode: "text", hits: [] });
});

test.each([
  [{}, "q"],
  [{ q: "  " }, "q"],
  [{ q: "x".repeat(2_001) }, "q"],
  [{ q: "card", mode: "fuzzy" }, "mode"],
  [{ q: "card", k: "0" }, "k"],
  [{ q: "card", k: "101" }, "k"],
  [{ q: "card", k: "ten" }, "k"],
  [{ q: "card", topic: "a b" }, "topic"],
  [{ q: "card", limit: "3" }, ""],
])("%o is refused", async (parameters, path) => {
  const response = await search(parameters as Record<string, string>);
  expect(response.status).toBe(400);
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  expect(await response.json()).toMatchObject({
    type: "urn:millrace:problem:invalid-parameter",
    errors: [{ path, message: expect.any(String) }],
  });
});

test.each(["semantic", "text", "hybrid"])("before anything was indexed a %s search says so", async (mode) => {
  await using app = openTestApp({ ...environment, OPENSEARCH_INDEX: `${index}-missing` });
  const response = await search({ q: "lost card", mode }, app);
  expect(response.status).toBe(503);
  expect(response.headers.get("retry-after")).toBe("5");
  expect(await response.json()).toMatchObject({ type: "urn:millrace:problem:nothing-indexed" });
});

test("a timestamp beyond a Date's range is not an error", async () => {
  const id = "later-0-0";
  const body = { text: "nanoseconds", topic: "later", partition: 0, offset: 0, timestamp: 9e15, vector: [0, 0, 1] };
  await opensearch.index({ index, id, body, refresh: true });
  const { hits } = await found({ q: "nanoseconds", mode: "text" });
  expect(hits).toMatchObject([{ id, timestamp: "+275760-09-13T00:00:00.000Z" }]);
  await opensearch.delete({ index, id, refresh: true });
});

test("an empty index has no hits", async () => {
  await createIndex(`${index}-empty`);
  await using app = openTestApp({ ...environment, OPENSEARCH_INDEX: `${index}-empty` });
  for (const mode of ["semantic", "text", "hybrid"]) {
    expect(await found({ q: "lost card", mode }, app)).toEqual({ mode, hits: [] });
  }
});

test("while embed is unavailable a semantic search is a 503, and a hybrid one uses words only", async () => {
  await using app = openTestApp({ ...environment, EMBED_URL: `http://127.0.0.1:${CLOSED_PORT}` });
  const response = await search({ q: "stolen" }, app);
  expect(response.status).toBe(503);
  expect((await bodyOf<{ detail: string }>(response)).detail).toMatch(/^embed: /);
  const body = await found({ q: "stolen", mode: "hybrid" }, app);
  expect(idsOf(body)).toEqual(["messages-0-0"]);
  expect(body.degraded).toMatch(/^searched by words only; embed: /);
});

test("an embed process without its provider counts as unavailable, with its own cause", async () => {
  const body = await found({ q: "stolen", mode: "hybrid" });
  expect(body.degraded).toBe("searched by words only; embed: status 503: the provider is unavailable");
});

test.each(["semantic", "hybrid"])("a text that the model refuses is the client's to change: %s", async (mode) => {
  const response = await search({ q: "refused", mode });
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ errors: [{ path: "q", message: "9000 tokens are too many" }] });
});

test("a vector of another model than the index's is reported as such", async () => {
  const response = await search({ q: "of another model" });
  expect(response.status).toBe(503);
  expect((await bodyOf<{ detail: string }>(response)).detail).toMatch(/OpenSearch: .*dimension/);
  expect((await found({ q: "of another model", mode: "hybrid" })).degraded).toMatch(/OpenSearch: .*dimension/);
});

test("while OpenSearch is unavailable a search is a 503", async () => {
  await using app = openTestApp({ ...environment, OPENSEARCH_ENDPOINT: `http://127.0.0.1:${CLOSED_PORT}` });
  for (const mode of ["semantic", "text", "hybrid"]) {
    const response = await search({ q: "lost card", mode }, app);
    expect(response.status).toBe(503);
    expect((await bodyOf<{ detail: string }>(response)).detail).toMatch(/^OpenSearch: .*ECONNREFUSED/);
  }
});

test("the log records a search without its text", async () => {
  await found({ q: "lost card", mode: "text" });
  const line = api.lines().findLast(({ action }) => action === "api.search");
  expect(line).toMatchObject({ status: "ok", details: { mode: "text", hits: 2 } });
  expect(JSON.stringify(api.lines())).not.toContain("lost card");
});
