import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BulkFate, startServerlessProxy } from "@millrace/testbed";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { publish, search } from "../src/api-client.ts";
import { millrace } from "../src/millrace.ts";
import { openTestbed, type Testbed } from "../src/testbed.ts";
import { customerTexts } from "./messages.ts";

const VISIBLE_MS = 1_000;
const fates: BulkFate[] = ["answered", "lost", "answered", "throttled", "failed_after"];
const texts = customerTexts(200, `s${process.pid}`);
const stack = inject("stack");
const opened = new AsyncDisposableStack();
let testbed: Testbed;
let ids: string[];

beforeAll(async () => {
  const proxy = opened.use(await startServerlessProxy(stack.OPENSEARCH_ENDPOINT, VISIBLE_MS));
  let requests = 0;
  proxy.fate = () => fates[requests++ % fates.length] ?? "answered";
  testbed = opened.use(
    await openTestbed(`serverless_${process.pid}`, {
      stack,
      logDirectory: await mkdtemp(join(tmpdir(), "millrace-serverless-")),
      environment: {
        OPENSEARCH_ENDPOINT: proxy.url,
        OPENSEARCH_AWS_SERVICE: "aoss",
        OPENSEARCH_VISIBILITY_MS: String(VISIBLE_MS + 50),
        BATCH_MAX_MESSAGES: "25",
      },
    }),
  );
  ids = await publish(testbed.pipeline.api, texts);
  await testbed.untilRecorded(texts.length);
});

afterAll(() => opened.disposeAsync());

test("on a vector collection that loses answers, verify finds each message complete and none doubled", async () => {
  const verify = () => millrace(["verify"], testbed.readBack.environment);
  await expect.poll(async () => (await verify()).code, { timeout: 30_000, interval: 1_000 }).toBe(0);
  expect((await verify()).stdout).toMatch(/total +200 +200( +0){6}/);
});

test("search results have the messages' own IDs", async () => {
  const [text = ""] = texts;
  for (const mode of ["semantic", "hybrid", "text"]) {
    const [best] = await search(testbed.pipeline.api, { q: text, mode, k: 1 });
    expect(best).toMatchObject({ id: ids[0], text });
  }
});
