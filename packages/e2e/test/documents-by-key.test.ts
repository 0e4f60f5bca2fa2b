import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connectProducer } from "@millrace/kafka";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { millrace } from "../src/millrace.ts";
import { openTestbed, type Testbed } from "../src/testbed.ts";

let testbed: Testbed;

beforeAll(async () => {
  testbed = await openTestbed(`keys_${process.pid}`, {
    stack: inject("stack"),
    logDirectory: await mkdtemp(join(tmpdir(), "millrace-e2e-")),
    // Batches of two, so that the versions of a key are in different batches, and may overtake each other.
    environment: { DOCUMENT_ID: "key", BATCH_MAX_MESSAGES: "2", SINK_CONCURRENCY: "4" },
  });
});

afterAll(async () => {
  await testbed?.[Symbol.asyncDispose]();
});

test("with DOCUMENT_ID=key the latest message of a key is its document, a tombstone deletes it, and each has its row", async () => {
  const { kafka, patience, topic, environment, openSearch, index } = testbed.readBack;
  const versions = 8;
  const keys = Array.from({ length: 20 }, (_, key) => `customer ${key}`);
  const records = Array.from({ length: versions }, (_, version) =>
    keys.map((key) => ({ key: Buffer.from(key), value: Buffer.from(`Version ${version} of what ${key} says`) })),
  ).flat();
  const deleted = keys.slice(0, 5).map((key) => ({ key: Buffer.from(key), value: null }));
  const keyless = { value: Buffer.from("A message without a key") };
  {
    await using producer = await connectProducer(kafka, patience);
    await producer.send(topic, [...records, ...deleted, keyless]);
  }
  await testbed.untilRecorded(records.length + deleted.length + 1);

  await openSearch.indices.refresh({ index });
  const { body } = await openSearch.search({ index, body: { size: 100, _source: ["key", "text"] } });
  const texts = new Map(body.hits.hits.map(({ _source }) => [_source?.key, _source?.text]));
  expect(texts).toEqual(new Map(keys.slice(5).map((key) => [key, `Version ${versions - 1} of what ${key} says`])));

  const rows = await testbed.readBack.readRows();
  expect(rows.filter(({ level }) => level === "INFO")).toHaveLength(records.length + deleted.length);
  expect(rows.filter(({ level }) => level === "ERROR")).toEqual([expect.objectContaining({ reason: "invalid" })]);
  expect(await millrace(["verify"], { ...environment, DOCUMENT_ID: "key" })).toMatchObject({ code: 0 });
});
