import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Pipeline, StackError, startPipeline } from "@millrace/stack";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { publish } from "../src/api-client.ts";
import { openTestbed, type Testbed } from "../src/testbed.ts";
import { customerTexts } from "./messages.ts";

const ATTEMPTS_MAX = 2;

let testbed: Testbed;
let logDirectory: string;

beforeAll(async () => {
  logDirectory = await mkdtemp(join(tmpdir(), "millrace-e2e-"));
  testbed = await openTestbed(`lethal_${process.pid}`, {
    stack: inject("stack"),
    logDirectory,
    environment: { KAFKA_TOPIC_PARTITIONS: "1", KAFKA_SESSION_TIMEOUT_MS: "1000", ATTEMPTS_MAX: String(ATTEMPTS_MAX) },
  });
});

afterAll(async () => {
  await testbed?.[Symbol.asyncDispose]();
});

test("a message that kills its process repeatedly is dead-lettered alone, and the others continue", async () => {
  await testbed.pipeline.kill("ingest", "SIGTERM");
  const texts = customerTexts(60, "lethal");
  const ids = await publish(testbed.pipeline.api, [...texts.slice(0, 30), "a LETHAL message", ...texts.slice(30)]);
  const lethalId = ids[30];

  let deaths = 0;
  for (; deaths < 20 && (await testbed.readBack.countRows()) < ids.length; ) {
    const pipeline = await startFragileIngest(deaths);
    const exited = pipeline && exitOf(pipeline);
    const done = testbed.untilRecorded(ids.length, undefined, 20_000).then(
      () => "done" as const,
      () => "stalled" as const,
    );
    const outcome = pipeline ? await Promise.race([exited, done]) : "died early";
    await pipeline?.stop();
    if (outcome === "done") break;
    deaths++;
  }
  const rows = await testbed.readBack.readRows();
  expect(rows.filter(({ level }) => level === "ERROR")).toEqual([{ id: lethalId, level: "ERROR", reason: "lethal" }]);
  expect(rows).toHaveLength(ids.length);
  // As often before the search starts, and as often again until it is found.
  expect(deaths).toBeLessThanOrEqual(2 * (ATTEMPTS_MAX + 1));
  expect(deaths).toBeGreaterThan(ATTEMPTS_MAX);
}, 120_000);

/** Resolves once ingest has exited, which may be before this is called. */
async function exitOf(pipeline: Pipeline): Promise<unknown> {
  try {
    return await pipeline.process("ingest").exited;
  } catch (error) {
    if (!(error instanceof StackError)) throw error;
    return undefined;
  }
}

/** `undefined` if it died before it was ready. */
async function startFragileIngest(attempt: number) {
  const preload = join(import.meta.dirname, "fixtures", "die-of-a-message.ts");
  try {
    return await startPipeline({
      stack: inject("stack"),
      logDirectory: join(logDirectory, `ingest-${attempt}`),
      environment: { ...testbed.readBack.environment, NODE_OPTIONS: `--import=${preload}` },
      counts: { ingest: 1, embed: 0, sink: 0, api: 0 },
    });
  } catch {
    return undefined;
  }
}
