import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { search } from "../src/api-client.ts";
import { millrace } from "../src/millrace.ts";
import { openTestbed, type Testbed } from "../src/testbed.ts";

// The walk of the README: payments are generated, and are then in `latest`, on the stream, in search and in `demo_log`.
const COUNT = 20;

interface EventRecord {
  id: string;
  event: { event_id: string; text: string } | null;
}

let testbed: Testbed;
let topic: string;
let followed: Promise<EventRecord[]>;

beforeAll(async () => {
  testbed = await openTestbed(`walk_${process.pid}`, {
    stack: inject("stack"),
    logDirectory: await mkdtemp(join(tmpdir(), "millrace-walk-")),
    environment: { TEXT_FIELD: "/text" },
  });
  ({ topic } = testbed.readBack);
  followed = follow(COUNT);
  const target = ["--to", "api", "--url", testbed.pipeline.api.origin, "--topic", topic];
  const { code, stderr } = await millrace(["generate", "transactions", ...target, "--count", String(COUNT)], {});
  expect(code, stderr).toBe(0);
  await testbed.untilRecorded(COUNT);
});

afterAll(async () => {
  await testbed?.[Symbol.asyncDispose]();
});

test("they are the latest events of their topic", async () => {
  const events = await latest();
  expect(new Set(events.map(({ event }) => event?.event_id)).size).toBe(COUNT);
});

test("each came by on the stream, once", async () => {
  const ids = (records: readonly EventRecord[]) => records.map(({ id }) => id).toSorted();
  expect(ids(await followed)).toEqual(ids(await latest()));
});

test("each is found by its own text", async () => {
  for (const { id, event } of (await latest()).slice(0, 3)) {
    const find = () => search(testbed.pipeline.api, { q: event?.text ?? "", mode: "semantic", k: 3 });
    // The index shows what was written after its next refresh.
    await expect.poll(async () => (await find()).map((hit) => hit.id), { timeout: 20_000 }).toContain(id);
  }
});

test("each has its row in demo_log", async () => {
  const rows = await testbed.readBack.readRows();
  expect(rows.map(({ id }) => id).toSorted()).toEqual((await latest()).map(({ id }) => id).toSorted());
  expect(rows.every(({ level }) => level === "INFO")).toBe(true);
});

async function latest(): Promise<EventRecord[]> {
  const response = await fetch(new URL(`/api/v1/events/${topic}/latest?limit=100`, testbed.pipeline.api));
  return ((await response.json()) as { events: EventRecord[] }).events;
}

/** What a client is sent that follows the topic from its beginning, until it has so many. */
async function follow(count: number): Promise<EventRecord[]> {
  const response = await fetch(new URL(`/api/v1/stream/${topic}?from=earliest`, testbed.pipeline.api), {
    headers: { accept: "text/event-stream" },
  });
  let received = "";
  for await (const piece of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    received += piece;
    const records = [...received.matchAll(/^data: (\{"id".*\})\n/gm)].map(([, data = ""]) => JSON.parse(data));
    if (records.length >= count) return records;
  }
  throw new Error(`the stream ended early: ${received}`);
}
