import { openOpenSearch } from "@millrace/opensearch";
import { describe, expect, test } from "vitest";
import { OpenSearchIndex } from "../src/opensearch/search-index.ts";
import { documents } from "./documents.ts";
import { startRefusingProxy } from "./refusing-proxy.ts";
import { testConfig, testPatience } from "./support.ts";

const SMILE = "application/smile";
const JSON_LINES = "application/x-ndjson";
const never = new AbortController().signal;

/** An index behind a proxy that can refuse media types. */
async function open(format: "auto" | "smile" | "json") {
  const direct = testConfig();
  const proxy = await startRefusingProxy(direct.OPENSEARCH_ENDPOINT);
  const config = testConfig({ OPENSEARCH_ENDPOINT: proxy.url, OPENSEARCH_BULK_FORMAT: format });
  const patience = testPatience();
  const client = openOpenSearch(config, patience);
  return {
    proxy,
    index: new OpenSearchIndex(client, config, patience.log),
    /** What was logged of the format. */
    logged: () =>
      patience
        .lines()
        .filter(({ action }) => action === "sink.bulk_format")
        .map(({ details }) => details),
    async count() {
      const { body } = await client.count({ index: config.OPENSEARCH_INDEX });
      return body.count;
    },
    refresh: () => client.indices.refresh({ index: config.OPENSEARCH_INDEX }),
    async [Symbol.asyncDispose]() {
      await client.close();
      await proxy[Symbol.asyncDispose]();
    },
  };
}

describe("by itself, the sink", () => {
  test("writes SMILE to a cluster that takes it, and says so once", async () => {
    await using opened = await open("auto");
    const batch = documents(3);
    expect((await opened.index.write(batch, never)).done).toEqual(batch);
    expect((await opened.index.write(batch, never)).done).toEqual(batch);
    expect(opened.proxy.bulkTypes).toEqual([SMILE, SMILE]);
    expect(opened.logged()).toEqual([{ format: "smile" }]);
  });

  test.each([400, 406, 415])(
    "writes JSON to a cluster that answers SMILE with %i, and says why once",
    async (status) => {
      await using opened = await open("auto");
      opened.proxy.refused.set(SMILE, status);
      const batch = documents(6);
      const halves = [batch.slice(0, 3), batch.slice(3)];
      const splits = await Promise.all(halves.map((half) => opened.index.write(half, never)));
      expect(splits.map(({ done }) => done)).toEqual(halves);
      opened.proxy.bulkTypes.length = 0;
      expect((await opened.index.write(batch, never)).done).toEqual(batch);
      expect(opened.proxy.bulkTypes).toEqual([JSON_LINES]);
      expect(opened.logged()).toEqual([{ format: "json", cause: expect.any(String) }]);
      await opened.refresh();
      expect(await opened.count()).toBe(6);
    },
  );

  test("does not take an outage for a refusal", async () => {
    await using opened = await open("auto");
    opened.proxy.refused.set(SMILE, 503);
    const batch = documents(2);
    const { failed } = await opened.index.write(batch, never);
    expect(failed.map(({ fault }) => fault)).toEqual(
      Array(2).fill(expect.objectContaining({ kind: "retryable", code: "unavailable" })),
    );
    opened.proxy.refused.clear();
    expect((await opened.index.write(batch, never)).done).toEqual(batch);
    expect(opened.proxy.bulkTypes).toEqual([SMILE, SMILE]);
  });

  test("does not settle on JSON where that is refused as well", async () => {
    await using opened = await open("auto");
    opened.proxy.refused.set(SMILE, 400).set(JSON_LINES, 400);
    const batch = documents(2);
    expect((await opened.index.write(batch, never)).failed[0]?.fault).toMatchObject({ code: "misconfigured" });
    opened.proxy.refused.clear();
    expect((await opened.index.write(batch, never)).done).toEqual(batch);
    expect(opened.logged()).toEqual([{ format: "smile" }]);
  });
});

describe("told to", () => {
  test("write JSON, it never tries SMILE", async () => {
    await using opened = await open("json");
    await opened.index.write(documents(2), never);
    expect(opened.proxy.bulkTypes).toEqual([JSON_LINES]);
    expect(opened.logged()).toEqual([]);
  });

  test("write SMILE, it waits for a cluster that takes it, and nothing is anybody's poison", async () => {
    await using opened = await open("smile");
    opened.proxy.refused.set(SMILE, 406);
    const batch = documents(2);
    const { failed } = await opened.index.write(batch, never);
    expect(failed.map(({ fault }) => fault)).toEqual(
      Array(2).fill(expect.objectContaining({ kind: "retryable", code: "misconfigured" })),
    );
    opened.proxy.refused.clear();
    expect((await opened.index.write(batch, never)).done).toEqual(batch);
    expect(opened.proxy.bulkTypes).toEqual([SMILE, SMILE]);
  });
});
