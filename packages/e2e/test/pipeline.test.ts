import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connectProducer } from "@millrace/kafka";
import { actions, messageId } from "@millrace/shared";
import { milestones } from "@millrace/stage";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { publish, search } from "../src/api-client.ts";
import { millrace } from "../src/millrace.ts";
import { openTestbed, type Testbed } from "../src/testbed.ts";
import { brokenValues, customerTexts } from "./messages.ts";

const marker = `m${randomUUID().slice(0, 8)}`;
const texts = customerTexts(500, marker);
const broken = [...brokenValues(marker), ...brokenValues(marker)];

let testbed: Testbed;
let logs: string[];
let validIds: string[];
let brokenIds: string[];

beforeAll(async () => {
  testbed = await openTestbed(`pipeline_${process.pid}`, {
    stack: inject("stack"),
    logDirectory: await mkdtemp(join(tmpdir(), "millrace-e2e-")),
    environment: { HEARTBEAT_INTERVAL_MS: "500" },
  });
  logs = testbed.pipeline.processes.map(({ log }) => log);
  const half = texts.length / 2;
  validIds = await publish(testbed.pipeline.api, texts.slice(0, half));
  brokenIds = await publishBroken();
  validIds.push(...(await publish(testbed.pipeline.api, texts.slice(half))));
  await testbed.untilRecorded(texts.length + broken.length);
});

afterAll(async () => {
  await testbed?.[Symbol.asyncDispose]();
});

/** Publishes directly to Kafka, as the api accepts only texts and JSON. */
async function publishBroken(): Promise<string[]> {
  const { kafka, patience, topic } = testbed.readBack;
  await using producer = await connectProducer(kafka, patience);
  const ids: string[] = [];
  for (const { value } of broken) {
    const outcome = await producer.trySend(topic, [{ value }]);
    if ("fault" in outcome) throw new Error(outcome.fault.cause);
    ids.push(...outcome.value.map((placement) => messageId({ topic, ...placement })));
  }
  return ids;
}

async function statusOf(id: string) {
  const response = await fetch(new URL(`/status/${id}`, testbed.pipeline.api));
  return { code: response.status, body: (await response.json()) as { state: string; milestones: object } };
}

describe("520 messages, 20 of them broken in ten ways", () => {
  it("have exactly one row each, with the reason if they are broken", async () => {
    const rows = await testbed.readBack.readRows();
    const expected = [
      ...validIds.map((id) => ({ id, level: "INFO", reason: null })),
      ...brokenIds.map((id, index) => ({ id, level: "ERROR", reason: broken[index]?.reason })),
    ];
    const byId = (one: { id: string }, other: { id: string }) => one.id.localeCompare(other.id);
    expect(rows.sort(byId)).toEqual(expected.sort(byId));
  });

  it("have exactly one document each, if they are valid", async () => {
    const ids: string[] = [];
    for await (const { id } of testbed.readBack.readDocuments()) ids.push(id);
    expect(ids.sort()).toEqual([...validIds].sort());
  });

  it("have their progress by ID", async () => {
    // Progress is written concurrently: the message does not wait for it.
    await expect
      .poll(async () => Object.keys((await statusOf(validIds[0] ?? "")).body.milestones), { timeout: 10_000 })
      .toEqual(milestones.slice(0, 4));
    expect((await statusOf(validIds[0] ?? "")).body.state).toBe("stored");
    expect((await statusOf(brokenIds[4] ?? "")).body.state).toBe("dead_lettered");
  });

  it("are shown by millrace trace, each step with its time", async () => {
    const { environment } = testbed.readBack;
    const stored = await millrace(["trace", validIds[0] ?? ""], environment);
    expect(stored).toMatchObject({ code: 0, stderr: "" });
    expect(stored.stdout).toMatch(/published .*\n.*ingested .*\n.*embedded .*\n.*stored .*\n└─ demo_log: INFO/);
    expect((await millrace(["trace", brokenIds[0] ?? ""], environment)).stdout).toContain("└─ demo_log: ERROR");
    expect(await millrace(["trace", "nowhere-0-0"], environment)).toMatchObject({ code: 1 });
  });

  it("can be searched for", async () => {
    const hits = await search(testbed.pipeline.api, { q: texts[123] ?? "", mode: "semantic", k: 10 });
    expect(hits.map(({ id }) => id)).toContain(validIds[123]);
  });
});

it("all processes are healthy", async () => {
  // Each process reports every two seconds, first just before it is ready.
  await expect.poll(readHealth, { timeout: 10_000 }).toMatchObject({ code: 200, body: { status: "ok", failed: [] } });
});

async function readHealth() {
  const response = await fetch(new URL("/health", testbed.pipeline.api));
  return { code: response.status, body: await response.json() };
}

describe("the logs, after an orderly stop", () => {
  beforeAll(async () => {
    const exits = await testbed.pipeline.stop();
    expect(exits.map(({ name, code }) => ({ name, code }))).toEqual(
      ["ingest", "embed", "sink", "api"].map((name) => ({ name, code: 0 })),
    );
  });

  it.each(["ingest", "embed", "sink", "api"])(
    "of %s are lines of JSON with the fields that docs/logs.md lists",
    (name) => {
      const lines = linesOf(name);
      expect(lines.length).toBeGreaterThan(3);
      for (const line of lines) {
        const entry = JSON.parse(line);
        expect(entry).toMatchObject({ service: name, status: expect.stringMatching(/^(ok|retry|failed)$/) });
        expect(new Date(entry.time).toISOString()).toBe(entry.time);
        expect(Object.keys(actions)).toContain(entry.action);
      }
    },
  );

  it.each(["ingest", "embed", "sink", "api"])("of %s have no message text", (name) => {
    expect(linesOf(name).filter((line) => line.includes(marker))).toEqual([]);
  });

  it.each(["ingest", "embed", "sink"])("of %s have a heartbeat", (name) => {
    expect(linesOf(name).some((line) => line.includes('"process.heartbeat"'))).toBe(true);
  });
});

function linesOf(name: string): string[] {
  const log = logs.find((file) => file.includes(`${name}-1.log`)) ?? "";
  return readFileSync(log, "utf8").trimEnd().split("\n");
}
