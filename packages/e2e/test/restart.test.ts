import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, expect, inject, it } from "vitest";
import { publish } from "../src/api-client.ts";
import { openTestbed, type Testbed } from "../src/testbed.ts";
import { customerTexts } from "./messages.ts";

const MESSAGES = 1_500;
const CHUNK = 50;

let testbed: Testbed;
const published: string[] = [];

beforeAll(async () => {
  testbed = await openTestbed(`restart_${process.pid}`, {
    stack: inject("stack"),
    logDirectory: await mkdtemp(join(tmpdir(), "millrace-e2e-")),
    // Small batches, so that many are in flight when a process ends; and short timeouts, so that a dead member is
    // noticed soon.
    environment: { BATCH_MAX_MESSAGES: "10", KAFKA_SESSION_TIMEOUT_MS: "2000" },
  });
});

afterAll(async () => {
  await testbed?.[Symbol.asyncDispose]();
});

let before: number;
beforeEach(() => {
  before = published.length;
});

it.each(["ingest", "embed", "sink"] as const)(
  "loses and doubles nothing when %s is stopped and restarted during a run",
  async (name) => {
    const publishing = publishSteadily();
    await untilMidStream();
    expect(await testbed.pipeline.kill(name, "SIGTERM")).toEqual({ code: 0, signal: null });
    expect(await testbed.readBack.countRows()).toBeLessThan(before + MESSAGES);
    await testbed.pipeline.start(name);
    await publishing;
    await expectEachOnce();
  },
);

it.each(["ingest", "embed", "sink"] as const)(
  "loses and doubles nothing when %s is killed during a run",
  async (name) => {
    const publishing = publishSteadily();
    await untilMidStream();
    expect(await testbed.pipeline.kill(name, "SIGKILL")).toEqual({ code: null, signal: "SIGKILL" });
    expect(await testbed.readBack.countRows()).toBeLessThan(before + MESSAGES);
    await testbed.pipeline.start(name);
    await publishing;
    await expectEachOnce();
  },
);

/** For about two seconds. */
async function publishSteadily(): Promise<void> {
  const texts = customerTexts(MESSAGES, "restart");
  for (let start = 0; start < MESSAGES; start += CHUNK) {
    published.push(...(await publish(testbed.pipeline.api, texts.slice(start, start + CHUNK))));
    await sleep(50);
  }
}

async function untilMidStream(): Promise<void> {
  while ((await testbed.readBack.countRows()) < before + MESSAGES / 5) await sleep(20);
}

async function expectEachOnce(): Promise<void> {
  await testbed.untilRecorded(published.length);
  const rows = (await testbed.readBack.readRows()).map(({ id, level }) => ({ id, level }));
  const documents: string[] = [];
  for await (const { id } of testbed.readBack.readDocuments()) documents.push(id);
  const byId = (one: { id: string }, other: { id: string }) => one.id.localeCompare(other.id);
  expect(rows.sort(byId)).toEqual(published.map((id) => ({ id, level: "INFO" })).sort(byId));
  expect(documents.sort()).toEqual([...published].sort());
}
