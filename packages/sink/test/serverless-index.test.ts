import { openOpenSearch } from "@millrace/opensearch";
import { messageId, readConfiguration, settle } from "@millrace/shared";
import { type BulkFate, startServerlessProxy, testEnvironment } from "@millrace/testbed";
import { afterAll, expect, test } from "vitest";
import { sinkConfig } from "../src/config.ts";
import { OpenSearchIndex } from "../src/opensearch/search-index.ts";
import { ServerlessIndex } from "../src/opensearch/serverless-index.ts";
import { documents } from "./documents.ts";
import { testConfig, testPatience } from "./support.ts";

const VISIBLE_MS = 600;
/** Timers and clocks differ slightly. */
const WAIT_MS = VISIBLE_MS + 50;
const operation = { dependency: "opensearch", action: "sink.bulk_write" } as const;
const never = new AbortController().signal;

const direct = openOpenSearch(testConfig(), testPatience());
afterAll(() => direct.close());
const { OPENSEARCH_ENDPOINT: upstream = "" } = process.env;
const proxy = await startServerlessProxy(upstream, VISIBLE_MS);
afterAll(() => proxy[Symbol.asyncDispose]());

/** A collection's index; `process` opens it as a new process does. */
function collection(endpoint = proxy.url) {
  const config = testConfig({
    OPENSEARCH_ENDPOINT: endpoint,
    OPENSEARCH_AWS_SERVICE: "aoss",
    OPENSEARCH_VISIBILITY_MS: String(WAIT_MS),
  });
  proxy.fate = () => "answered";
  proxy.refused.length = 0;
  const process = () => {
    const patience = testPatience();
    const client = openOpenSearch(config, patience);
    const inner = new OpenSearchIndex(client, config, patience.log);
    const index = new ServerlessIndex(client, config.OPENSEARCH_INDEX, inner);
    return { patience, index, [Symbol.asyncDispose]: () => client.close() };
  };
  const idsOf = async (): Promise<string[]> => {
    await direct.indices.refresh({ index: config.OPENSEARCH_INDEX });
    const body = { size: 10_000, sort: ["id"], _source: ["id"] };
    const answer = await direct.search({ index: config.OPENSEARCH_INDEX, body: body as Record<string, unknown> });
    return answer.body.hits.hits.map(({ _source }) => String((_source as { id?: string } | undefined)?.id));
  };
  return { config, process, idsOf };
}

const visible = () => new Promise((resolve) => setTimeout(resolve, WAIT_MS));

test("the first batch creates an index that a vector collection accepts, with ids as fields", async () => {
  const { process, idsOf, config } = collection();
  await using sink = process();
  const batch = documents(5);
  expect(await sink.index.write(batch, never)).toEqual({ done: batch, failed: [] });
  expect(await idsOf()).toEqual(batch.map(messageId));
  expect(proxy.refused).toEqual(["no SMILE"]);
  const { body } = await direct.search({ index: config.OPENSEARCH_INDEX, body: { query: { match_all: {} } } });
  expect(body.hits.hits.map(({ _id }) => _id)).not.toContain("messages-3-0");
});

test("a message that occurs twice in a batch, or again later, is written once", async () => {
  const { process, idsOf } = collection();
  await using sink = process();
  const batch = documents(4);
  const twice = [...batch, ...batch];
  expect((await sink.index.write(twice, never)).done.length).toBe(8);
  await visible();
  expect((await sink.index.write(batch, never)).done).toEqual(batch);
  expect(await idsOf()).toEqual(batch.map(messageId));
});

test("a write without a response is retried only once it would be visible, a clear rejection sooner", async () => {
  const { process } = collection();
  await using sink = process();
  await sink.index.write(documents(1), never);
  const fates: [BulkFate, number | undefined][] = [
    ["lost", WAIT_MS],
    ["failed_after", WAIT_MS],
    ["failed_before", WAIT_MS],
    ["throttled", undefined],
  ];
  for (const [at, [fate, retryAfterMs]] of fates.entries()) {
    proxy.fate = () => fate;
    const { failed } = await sink.index.write(documents(1, { partition: 10 + at }), never);
    expect(failed.map(({ fault }) => fault)).toEqual([
      { kind: "retryable", code: "unavailable", cause: expect.any(String), ...(retryAfterMs && { retryAfterMs }) },
    ]);
  }
});

test("whatever is lost, rejected or throttled, each document exists exactly once in the end", async () => {
  const { process, idsOf } = collection();
  await using sink = process();
  await sink.index.write(documents(1), never);
  const fates: BulkFate[] = ["lost", "answered", "failed_after", "throttled", "failed_before", "answered", "lost"];
  let requests = 0;
  proxy.fate = () => fates[requests++ % fates.length] ?? "answered";
  const batches = Array.from({ length: 12 }, (_, partition) => documents(20, { partition: 100 + partition }));
  const written = await Promise.all(
    batches.map((batch) => settle(batch, operation, (some, signal) => sink.index.write(some, signal), sink.patience)),
  );
  expect(written.flatMap(({ poison }) => poison)).toEqual([]);
  expect(requests).toBeGreaterThan(batches.length);
  const expected = [...batches.flat().map(messageId), "messages-3-0"].toSorted();
  expect(await idsOf()).toEqual(expected);
}, 60_000);

test("after a crash, visible batches are not written again", async () => {
  const { process, idsOf } = collection();
  const batches = Array.from({ length: 3 }, (_, partition) => documents(10, { partition }));
  {
    await using crashed = process();
    for (const batch of batches) await crashed.index.write(batch, never);
  }
  await visible();
  await using restarted = process();
  for (const batch of batches) expect((await restarted.index.write(batch, never)).done).toEqual(batch);
  expect(await idsOf()).toEqual(batches.flat().map(messageId).toSorted());
});

test("a document redelivered before it is visible exists twice: the documented bound", async () => {
  // Longer than a slow machine needs between the two writes.
  await using slow = await startServerlessProxy(upstream, 30_000);
  const { process, idsOf } = collection(slow.url);
  const batch = documents(10);
  await using crashed = process();
  await crashed.index.write(batch, never);
  await using restarted = process();
  await restarted.index.write(batch, never);
  expect(await idsOf()).toEqual(batch.flatMap((document) => [messageId(document), messageId(document)]).toSorted());
});

test("an index without the id field is misconfigured, not poison: lookups in it would find nothing", async () => {
  const { process, config } = collection();
  const vector = {
    type: "knn_vector",
    dimension: 4,
    method: { name: "hnsw", engine: "lucene", space_type: "l2" },
  } as const;
  const body = { settings: { index: { knn: true } }, mappings: { dynamic: false, properties: { vector } } } as const;
  await direct.indices.create({ index: config.OPENSEARCH_INDEX, body });
  await using sink = process();
  const { failed } = await sink.index.write(documents(1), never);
  expect(failed.map(({ fault }) => fault)).toEqual([
    { kind: "retryable", code: "misconfigured", cause: expect.stringMatching(/\[id\]/) },
  ]);
});

test("DOCUMENT_ID=key is rejected at startup: it needs to replace and delete documents", () => {
  const environment = testEnvironment({ OPENSEARCH_AWS_SERVICE: "aoss", DOCUMENT_ID: "key" });
  expect(() => readConfiguration(sinkConfig, environment)).toThrow(/DOCUMENT_ID.*replace and delete.*use offset/);
});
