import { mkdtemp, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { type Hit, publish, search } from "../src/api-client.ts";
import { millrace } from "../src/millrace.ts";
import { openTestbed, type Testbed } from "../src/testbed.ts";

// The walkthrough in docs/streams.md: generated payments appear in `latest`, on the stream, in search and in
// `demo_log`.
const COUNT = 20;
const restaurantInHamburg = /in Hamburg \(restaurant\)/;

interface EventRecord {
  id: string;
  event: { event_id: string; text: string } | null;
}

let testbed: Testbed;
let topic: string;
let followed: Promise<EventRecord[]>;

beforeAll(async () => {
  testbed = await open("walk_text", { TEXT_FIELD: "/text" });
  ({ topic } = testbed.readBack);
  followed = follow(COUNT);
  await pay(testbed);
  await testbed.untilRecorded(COUNT);
});

afterAll(async () => {
  await testbed?.[Symbol.asyncDispose]();
});

test("they are the latest events of their topic", async () => {
  const events = await latest();
  expect(new Set(events.map(({ event }) => event?.event_id)).size).toBe(COUNT);
});

test("each was on the stream once", async () => {
  const ids = (records: readonly EventRecord[]) => records.map(({ id }) => id).toSorted();
  expect(ids(await followed)).toEqual(ids(await latest()));
});

test("each is found by its own text", async () => {
  for (const { id, event } of (await latest()).slice(0, 3)) {
    const find = () => search(testbed.pipeline.api, { q: event?.text ?? "", mode: "semantic", k: 3 });
    // The index shows the writes after its next refresh.
    await expect.poll(async () => (await find()).map((hit) => hit.id), { timeout: 20_000 }).toContain(id);
  }
});

test("by their texts alone they are found by their meaning", async () => {
  const find = () => search(testbed.pipeline.api, { q: "dinner in Hamburg", mode: "semantic", k: 3 });
  await expect.poll(async () => textOf((await find())[0]), { timeout: 20_000 }).toMatch(restaurantInHamburg);
});

test("among plain texts they are found by the query of docs/streams.md", async () => {
  const page = await readDocument("docs/streams.md");
  const [, query = ""] =
    /curl -fsS 'localhost:8080\/search\?(q=[^']*)'\nnpm run --silent millrace -- verify/.exec(page) ?? [];
  const { q = "", mode = "", k } = Object.fromEntries(new URLSearchParams(query));
  const documents = await Promise.all(
    ["docs/architecture.md", "docs/operations.md", "docs/events.md"].map(readDocument),
  );
  const plain = documents.flatMap((text) => text.split("\n").filter((line) => /^\S.{60}/.test(line)));
  await using mixed = await open("walk_mixed", {});
  await publish(mixed.pipeline.api, plain);
  await pay(mixed);
  await mixed.untilRecorded(plain.length + COUNT);
  const texts = async () => (await search(mixed.pipeline.api, { q, mode, k: Number(k) })).map(textOf);
  const payment = expect.stringMatching(/^A card payment of /);
  await expect.poll(texts, { timeout: 20_000 }).toEqual([expect.stringMatching(restaurantInHamburg), payment, payment]);
});

test("each has its row in demo_log", async () => {
  const rows = await testbed.readBack.readRows();
  expect(rows.map(({ id }) => id).toSorted()).toEqual((await latest()).map(({ id }) => id).toSorted());
  expect(rows.every(({ level }) => level === "INFO")).toBe(true);
});

function readDocument(path: string): Promise<string> {
  return readFile(resolve(import.meta.dirname, "../../..", path), "utf8");
}

async function open(name: string, environment: Record<string, string>): Promise<Testbed> {
  const logDirectory = await mkdtemp(join(tmpdir(), "millrace-walk-"));
  return openTestbed(`${name}_${process.pid}`, { stack: inject("stack"), logDirectory, environment });
}

async function pay({ pipeline, readBack }: Testbed): Promise<void> {
  const target = ["--to", "api", "--url", pipeline.api.origin, "--topic", readBack.topic];
  const { code, stderr } = await millrace(["generate", "transactions", ...target, "--count", String(COUNT)], {});
  expect(code, stderr).toBe(0);
}

/** The text of an event, whether that alone or the whole JSON was embedded; else the result itself. */
function textOf(hit: Hit | undefined): string {
  const found = hit?.text ?? "";
  return found.startsWith("{") ? JSON.parse(found).text : found;
}

async function latest(): Promise<EventRecord[]> {
  const response = await fetch(new URL(`/api/v1/events/${topic}/latest?limit=100`, testbed.pipeline.api));
  return ((await response.json()) as { events: EventRecord[] }).events;
}

/** The first so many events that a client receives when it follows the topic from its beginning. */
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
