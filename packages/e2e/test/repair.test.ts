import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startPipeline } from "@millrace/stack";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { publish } from "../src/api-client.ts";
import { millrace } from "../src/millrace.ts";
import { openTestbed, type Testbed } from "../src/testbed.ts";
import { customerTexts } from "./messages.ts";

const MESSAGES = 400;
const TOO_LONG = `This message is longer than the limit allows. ${"word ".repeat(100)}`;

let testbed: Testbed;
let logDirectory: string;
let ids: string[];

beforeAll(async () => {
  logDirectory = await mkdtemp(join(tmpdir(), "millrace-e2e-"));
  testbed = await openTestbed(`repair_${process.pid}`, {
    stack: inject("stack"),
    logDirectory,
    environment: { MESSAGE_MAX_BYTES: "400", OPENSEARCH_REFRESH_INTERVAL: "200ms", KAFKA_SESSION_TIMEOUT_MS: "2000" },
  });
  ids = await publish(testbed.pipeline.api, [...customerTexts(MESSAGES, "repair"), TOO_LONG]);
  await testbed.untilRecorded(ids.length);
});

afterAll(async () => {
  await testbed?.[Symbol.asyncDispose]();
});

async function verify(...options: string[]) {
  const result = await millrace(["verify", "--json", ...options], testbed.readBack.environment);
  const report = JSON.parse(result.stdout) as {
    consistent: boolean;
    partitions: { messages: number; complete: number; deadLettered: number; findings: Record<string, number[]> }[];
  };
  const sum = (of: (partition: (typeof report.partitions)[number]) => number) =>
    report.partitions.reduce((total, each) => total + of(each), 0);
  return {
    code: result.code,
    consistent: report.consistent,
    messages: sum(({ messages }) => messages),
    complete: sum(({ complete }) => complete),
    deadLettered: sum(({ deadLettered }) => deadLettered),
    missingRows: sum(({ findings }) => findings["missing row"]?.length ?? 0),
    missingDocuments: sum(({ findings }) => findings["missing document"]?.length ?? 0),
    orphanedDocuments: sum(({ findings }) => findings["orphaned document"]?.length ?? 0),
  };
}

const nothingMissing = { missingRows: 0, missingDocuments: 0, orphanedDocuments: 0 };

test("verify finds every message complete after an undisturbed run", async () => {
  expect(await verify()).toEqual({
    code: 0,
    consistent: true,
    messages: MESSAGES + 1,
    complete: MESSAGES,
    deadLettered: 1,
    ...nothingMissing,
  });
});

test("verify finds every row and document that was removed, and repairs all of them without doubling any", async () => {
  const { postgres, openSearch, index } = testbed.readBack;
  const withoutRow = ids.slice(0, 40);
  const withoutDocument = ids.slice(30, 80);
  await postgres.query(
    "DELETE FROM demo_log WHERE kafka_topic || '-' || kafka_partition || '-' || kafka_offset = ANY ($1)",
    [withoutRow],
  );
  for (const id of withoutDocument) await openSearch.delete({ index, id });

  // Ten lost both; those count as missing rows.
  expect(await verify()).toMatchObject({ code: 1, consistent: false, missingRows: 40, missingDocuments: 40 });
  expect(await verify("--repair")).toEqual({
    code: 0,
    consistent: true,
    messages: MESSAGES + 1,
    complete: MESSAGES,
    deadLettered: 1,
    ...nothingMissing,
  });
  expect(await testbed.readBack.countRows()).toBe(ids.length);
});

test("verify names a document that has no message", async () => {
  const { openSearch, index, topic } = testbed.readBack;
  const stray = { index, id: "stray", refresh: true };
  await openSearch.index({ ...stray, body: { topic, partition: 0, offset: 1_000_000, text: "stray" } });
  expect(await verify()).toMatchObject({ code: 1, orphanedDocuments: 1 });
  await openSearch.delete(stray);
});

test("a dead letter is listed, shown, and replayed under its original ID once its fault is fixed", async () => {
  const { environment, readRows } = testbed.readBack;
  const id = ids.at(-1) ?? "";
  const listed = await millrace(["dead-letters", "list", "--json"], environment);
  expect(
    listed.stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line)),
  ).toEqual([expect.objectContaining({ id, code: "too_long", stage: "ingest", attempts: 1, bytes: TOO_LONG.length })]);
  const shown = await millrace(["dead-letters", "show", id], environment);
  expect(shown.stdout).toContain("MESSAGE_MAX_BYTES allows 400");
  expect(shown.stdout).toContain(TOO_LONG.slice(0, 40));
  expect(await millrace(["dead-letters", "show", `${id}0`], environment)).toMatchObject({ code: 1, stdout: "" });

  // The same ingest refuses it again: still one row.
  await millrace(["dead-letters", "replay", id], environment);
  await testbed.pipeline.kill("ingest", "SIGTERM");
  await using _patient = await startPipeline({
    stack: inject("stack"),
    logDirectory: join(logDirectory, "patient"),
    environment: { ...environment, MESSAGE_MAX_BYTES: "4000" },
    counts: { ingest: 1, embed: 0, sink: 0, api: 0 },
  });
  expect(await millrace(["dead-letters", "replay", "--all"], environment)).toMatchObject({
    code: 0,
    stdout: "replayed=1\n",
  });
  await expect
    .poll(async () => (await readRows()).filter((row) => row.id === id), { timeout: 15_000, interval: 200 })
    .toEqual([{ id, level: "INFO", reason: null }]);
  await expect
    .poll(() => verify(), { timeout: 15_000, interval: 500 })
    .toMatchObject({ code: 0, complete: MESSAGES + 1, deadLettered: 0 });
});
