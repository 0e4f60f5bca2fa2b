import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { openOpenSearch } from "@millrace/opensearch";
import { messageId } from "@millrace/shared";
import { afterAll, describe, expect, test } from "vitest";
import type { SinkConfig } from "../src/config.ts";
import { OpenSearchIndex } from "../src/opensearch/search-index.ts";
import type { EmbeddedMessage } from "../src/sink.ts";
import { documents, floatsOf, littleEndian, tombstone, withText } from "./documents.ts";
import { CLOSED_PORT, testConfig, testPatience } from "./support.ts";

const client = openOpenSearch(testConfig(), testPatience());
afterAll(() => client.close());
const never = new AbortController().signal;

function openIndex(config: SinkConfig, client = openOpenSearch(config, testPatience())): OpenSearchIndex {
  return new OpenSearchIndex(client, config, testPatience().log);
}

interface Source {
  text: string;
  vector: number[];
}

async function stored(index: string): Promise<Map<string, Source>> {
  await client.indices.refresh({ index });
  const { body } = await client.search({ index, body: { size: 1_000, query: { match_all: {} } } });
  return new Map(body.hits.hits.map(({ _id, _source }) => [String(_id), _source as Source]));
}

/** An index whose mapping takes no other text than a number. */
async function createNumbersIndex(index: string): Promise<void> {
  const vector = {
    type: "knn_vector",
    dimension: 4,
    method: { name: "hnsw", engine: "lucene", space_type: "cosinesimil" },
  } as const;
  const mappings = { properties: { vector, text: { type: "integer" } } } as const;
  await client.indices.create({ index, body: { settings: { index: { knn: true, number_of_replicas: 0 } }, mappings } });
}

describe.each(["smile", "json"] as const)("with bulk requests in %s", (format) => {
  const open = (overrides: Record<string, string> = {}): { config: SinkConfig; index: OpenSearchIndex } => {
    const config = testConfig({ OPENSEARCH_BULK_FORMAT: format, ...overrides });
    return { config, index: openIndex(config) };
  };

  test("the first batch creates the index, and each document has its message's identity and fields", async () => {
    const { config, index } = open();
    const batch = documents(3, { key: Buffer.from("customer 7") });
    expect(await index.write(batch, never)).toEqual({ done: batch, failed: [] });
    const found = await stored(config.OPENSEARCH_INDEX);
    expect([...found.keys()].toSorted()).toEqual(batch.map(messageId));
    const { vector: _, ...fields } = found.get("messages-3-1") ?? {};
    expect(fields).toEqual({
      text: "text 1",
      topic: "messages",
      partition: 3,
      offset: 1,
      timestamp: 1_700_000_000_001,
      key: "customer 7",
      model: "test-model",
    });
  });

  test("the vectors read back are the float32 that were written, to the last bit", async () => {
    const { config, index } = open();
    const numbers = [-0, 2 ** -149, 1 / 3, -1e-7, 123_456.79, 2 ** -120, 1.000_000_1, 9.999_999e9, -0.1, 16_777_217];
    const batch = documents(40, { dimensions: 64 }).map((document, row) => ({
      ...document,
      vector: littleEndian(floatsOf(document.vector).map((value, column) => numbers[(row + column) % 13] ?? value)),
    }));
    expect((await index.write(batch, never)).failed).toEqual([]);
    const found = await stored(config.OPENSEARCH_INDEX);
    for (const document of batch) {
      expect(Float32Array.from(found.get(messageId(document))?.vector ?? [])).toEqual(floatsOf(document.vector));
    }
  });

  test("the nearest neighbour is found", async () => {
    const { config, index } = open();
    const batch = documents(20, { dimensions: 16 });
    await index.write(batch, never);
    await client.indices.refresh({ index: config.OPENSEARCH_INDEX });
    const query = { knn: { vector: { vector: Array.from(floatsOf(batch[7]?.vector ?? Buffer.alloc(0))), k: 1 } } };
    const { body } = await client.search({ index: config.OPENSEARCH_INDEX, body: { size: 1, query } });
    expect(body.hits.hits[0]?._id).toBe("messages-3-7");
  });

  test("writing twice is writing once", async () => {
    const { config, index } = open();
    const batch = documents(10);
    expect((await index.write(batch, never)).done).toEqual(batch);
    expect((await index.write(batch, never)).done).toEqual(batch);
    expect((await stored(config.OPENSEARCH_INDEX)).size).toBe(10);
  });

  test("a text of any characters is stored as it is", async () => {
    const { config, index } = open();
    const text = 'a\0b "quoted" \\ \u2028 \u{1f600} \r\n {"index":{}}\n</script>';
    const batch = documents(1).map((document) => withText(document, text));
    expect((await index.write(batch, never)).failed).toEqual([]);
    expect((await stored(config.OPENSEARCH_INDEX)).get("messages-3-0")?.text).toBe(text);
  });

  test("texts of any length and numbers of any size are stored as they are", async () => {
    const { config, index } = open();
    const lengths = [0, 1, 31, 32, 33, 63, 64, 65, 66, 67, 1_000, 100_000];
    const texts = lengths.flatMap((length) => [
      "a".repeat(length),
      `é${"a".repeat(length)}`,
      "\u{1f600}".repeat(length),
    ]);
    const batch = documents(texts.length).map((document, at) => ({
      ...withText(document, texts[at] ?? ""),
      offset: 2 ** (at + 18) - 1,
      timestampMs: at === 0 ? -1 : 2 ** (at + 10),
      partition: at,
      key: Buffer.from("k".repeat(lengths[at] ?? 0)),
    }));
    expect((await index.write(batch, never)).failed).toEqual([]);
    const found = await stored(config.OPENSEARCH_INDEX);
    for (const document of batch) {
      const { topic, partition, offset, timestampMs, key, text, model } = document;
      const { vector: _, ...fields } = found.get(messageId(document)) ?? {};
      const expected = { text: text.toString(), topic, partition, offset, timestamp: timestampMs, model };
      expect(fields).toEqual({ ...expected, key: key.toString() });
    }
  });

  test("bytes that are no UTF-8 are replaced, and harm no other document", async () => {
    const { config, index } = open();
    const bytes = Buffer.of(0x61, 0xff, 0xfc, 0xfb, 0xff, 0xed, 0xa0, 0x80, 0x62);
    const batch = documents(3).map((document, at) => (at === 1 ? { ...document, text: bytes, key: bytes } : document));
    expect((await index.write(batch, never)).failed).toEqual([]);
    const found = await stored(config.OPENSEARCH_INDEX);
    expect(found.size).toBe(3);
    expect(found.get("messages-3-1")).toMatchObject({ text: bytes.toString(), key: bytes.toString() });
  });

  test("a vector that is no vector fails alone and as poison", async () => {
    const { index } = open();
    const batch = documents(4);
    batch[1]?.vector.writeFloatLE(Number.NaN, 8);
    batch[2]?.vector.writeFloatLE(Number.POSITIVE_INFINITY, 0);
    const split = await index.write(batch, never);
    expect(split.done).toEqual([batch[0], batch[3]]);
    expect(split.failed.map(({ fault }) => `${fault.kind} ${fault.code}`)).toEqual(Array(2).fill("poison rejected"));
  });

  test("a document that the mapping rejects fails alone and as poison", async () => {
    const { config, index } = open();
    await createNumbersIndex(config.OPENSEARCH_INDEX);
    const batch = documents(5).map((document, at) => withText(document, at === 2 ? "no number" : String(at)));
    const split = await index.write(batch, never);
    expect(split.done).toEqual(batch.filter((_, at) => at !== 2));
    expect(split.failed).toEqual([
      { item: batch[2], fault: { kind: "poison", code: "rejected", cause: expect.stringContaining("text") } },
    ]);
    expect((await stored(config.OPENSEARCH_INDEX)).size).toBe(4);
  });

  test("a text that is too long for the index fails alone and as poison", async () => {
    const { config, index } = open();
    const vector = { type: "knn_vector", dimension: 4, method: { name: "hnsw", engine: "lucene" } } as const;
    const mappings = { properties: { vector, text: { type: "keyword" } } } as const;
    await client.indices.create({
      index: config.OPENSEARCH_INDEX,
      body: { settings: { index: { knn: true } }, mappings },
    });
    const batch = documents(3).map((document, at) => (at === 1 ? withText(document, "x".repeat(40_000)) : document));
    const split = await index.write(batch, never);
    expect(split.done).toEqual([batch[0], batch[2]]);
    expect(split.failed).toEqual([
      { item: batch[1], fault: { kind: "poison", code: "rejected", cause: expect.stringContaining("immense term") } },
    ]);
  });

  describe("nobody's poison, and retryable, is", () => {
    const misconfigured = (batch: readonly EmbeddedMessage[], cause: RegExp) => ({
      done: [],
      failed: batch.map((item) => ({
        item,
        fault: { kind: "retryable", code: "misconfigured", cause: expect.stringMatching(cause) },
      })),
    });

    test("an index of other dimensions, and a new one heals it", async () => {
      const { config, index } = open();
      await index.write(documents(1, { dimensions: 4 }), never);
      const batch = documents(3, { dimensions: 6 });
      expect(await index.write(batch, never)).toEqual(misconfigured(batch, /4 dimensions.*have 6/));
      const fresh = openIndex(config, client);
      expect(await fresh.write(batch, never)).toEqual(misconfigured(batch, /4 dimensions.*have 6/));
      await client.indices.delete({ index: config.OPENSEARCH_INDEX });
      expect((await fresh.write(batch, never)).done).toEqual(batch);
    });

    test("an index without a vector field", async () => {
      const { config, index } = open();
      await client.indices.create({ index: config.OPENSEARCH_INDEX });
      const batch = documents(2);
      expect(await index.write(batch, never)).toEqual(misconfigured(batch, /no knn_vector/));
    });

    test("a missing index that it must not create, until it is there", async () => {
      const { config, index } = open({ OPENSEARCH_CREATE_INDEX: "false" });
      const batch = documents(2);
      expect(await index.write(batch, never)).toEqual(misconfigured(batch, /does not exist/));
      expect((await client.indices.exists({ index: config.OPENSEARCH_INDEX })).body).toBe(false);
      const creator = openIndex({ ...config, OPENSEARCH_CREATE_INDEX: true }, client);
      await creator.write(documents(1), never);
      expect((await index.write(batch, never)).done).toEqual(batch);
    });

    const mappings = (dimension: number) =>
      ({
        properties: { vector: { type: "knn_vector", dimension, method: { name: "hnsw", engine: "lucene" } } },
      }) as const;
    const settings = { index: { knn: true } } as const;

    test.each<[string, RegExp, (index: string) => Promise<unknown>]>([
      ["is closed", /index_closed_exception/, (index) => client.indices.close({ index })],
      ["takes no writes", /cluster_block_exception/, (index) => client.indices.addBlock({ index, block: "write" })],
      [
        "became an alias without a write index",
        /no write index is defined/,
        async (index) => {
          await client.indices.delete({ index });
          for (const half of ["a", "b"]) {
            const body = { settings, mappings: mappings(4), aliases: { [index]: {} } };
            await client.indices.create({ index: `${index}-${half}`, body });
          }
        },
      ],
      [
        "was replaced by one of other dimensions",
        /Vector dimension mismatch/,
        async (index) => {
          await client.indices.delete({ index });
          await client.indices.create({ index, body: { settings, mappings: mappings(6) } });
        },
      ],
      [
        "was replaced by one whose mapping is strict",
        /strict_dynamic_mapping_exception/,
        async (index) => {
          await client.indices.delete({ index });
          await client.indices.create({ index, body: { settings, mappings: { dynamic: "strict", ...mappings(4) } } });
        },
      ],
    ])("an index that %s between two batches, and one as it was heals it", async (_, cause, change) => {
      const { config, index } = open();
      await index.write(documents(1), never);
      await change(config.OPENSEARCH_INDEX);
      const batch = documents(2);
      expect(await index.write(batch, never)).toEqual(misconfigured(batch, cause));
      await client.indices.delete({ index: `${config.OPENSEARCH_INDEX}*` });
      expect((await index.write(batch, never)).done).toEqual(batch);
    });

    test("a closed port", async () => {
      const { index } = open({ OPENSEARCH_ENDPOINT: `http://127.0.0.1:${CLOSED_PORT}` });
      const split = await index.write(documents(2), never);
      expect(split.done).toEqual([]);
      expect(split.failed.map(({ fault }) => fault)).toEqual(
        Array(2).fill({ kind: "retryable", code: "unavailable", cause: expect.stringContaining("ECONNREFUSED") }),
      );
    });

    test("a write that begins after a hard stop", async () => {
      const { index } = open();
      await index.write(documents(1), never);
      const batch = documents(3);
      const { failed } = await index.write(batch, AbortSignal.abort());
      expect(failed.map(({ fault }) => fault.kind)).toEqual(Array(3).fill("retryable"));
    });

    test("a write that a hard stop cuts off while the cluster is silent", async () => {
      const stop = new AbortController();
      const mapping = { documents: { mappings: { properties: { vector: { dimension: 4 } } } } };
      const server = createServer((received, answer) => {
        received.resume();
        // The bulk request is never answered.
        if (received.url?.startsWith("/_bulk")) received.once("end", () => stop.abort());
        else answer.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(mapping));
      });
      server.listen(0, "127.0.0.1");
      await once(server, "listening");
      const { index } = open({ OPENSEARCH_ENDPOINT: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
      const batch = documents(500);
      const { done, failed } = await index.write(batch, stop.signal);
      server.closeAllConnections();
      server.close();
      expect(done).toEqual([]);
      expect(failed.map(({ item }) => item)).toEqual(batch);
      const causes = new Set(failed.map(({ fault: { kind, code, cause } }) => `${kind} ${code}: ${cause}`));
      expect([...causes]).toEqual([expect.stringMatching(/^retryable unavailable: .*abort/i)]);
    });
  });

  test("several instances that create the index at once all write to it", async () => {
    const { config } = open();
    const batch = documents(8);
    const splits = await Promise.all(batch.map((document) => openIndex(config, client).write([document], never)));
    expect(splits.flatMap(({ failed }) => failed)).toEqual([]);
    expect((await stored(config.OPENSEARCH_INDEX)).size).toBe(8);
  });

  describe("where the key is the document's identity", () => {
    const byKey = { DOCUMENT_ID: "key" };

    test("a later message replaces an earlier one, in whatever order they come, and a tombstone deletes", async () => {
      const { config, index } = open(byKey);
      const [first, second, third] = documents(3, { key: Buffer.from("a") });
      if (!first || !second || !third) throw new Error("three documents");
      expect((await index.write([second], never)).done).toEqual([second]);
      expect((await index.write([first], never)).done).toEqual([first]);
      expect([...(await stored(config.OPENSEARCH_INDEX)).values()].map(({ text }) => text)).toEqual(["text 1"]);

      const deletion = tombstone(5, "a");
      expect((await index.write([deletion], never)).done).toEqual([deletion]);
      expect((await index.write([third, deletion], never)).done).toEqual([third, deletion]);
      expect((await stored(config.OPENSEARCH_INDEX)).size).toBe(0);
    });

    test("a tombstone that comes before the index exists does not spoil it", async () => {
      const { config, index } = open(byKey);
      const deletion = tombstone(0, "a");
      expect((await index.write([deletion], never)).done).toEqual([deletion]);
      const batch = documents(2, { key: Buffer.from("b") }).slice(1);
      expect(await index.write(batch, never)).toEqual({ done: batch, failed: [] });
      expect((await stored(config.OPENSEARCH_INDEX)).size).toBe(1);
    });
  });
});
