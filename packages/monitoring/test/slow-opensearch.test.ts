import { execFile } from "node:child_process";
import { resolve } from "node:path";
import { promisify } from "node:util";
import { startProxy } from "@millrace/testbed";
import { afterAll, beforeAll, expect, inject, test, vi } from "vitest";
import { openMonitoredPipeline } from "./monitored-pipeline.ts";

/** To and from OpenSearch each: a bulk write takes at least twice as long, more than SLOW_OPERATION_MS. */
const DELAY_MS = 700;
const VISIBLE_WITHIN_MS = 10_000;

let monitored: Awaited<ReturnType<typeof openMonitoredPipeline>>;
let proxy: Awaited<ReturnType<typeof startProxy>>;
let publishing: NodeJS.Timeout;

beforeAll(async () => {
  const stack = inject("stack");
  proxy = await startProxy(Number(new URL(stack.OPENSEARCH_ENDPOINT).port), { slowDelayMs: DELAY_MS });
  monitored = await openMonitoredPipeline(stack, { OPENSEARCH_ENDPOINT: `http://127.0.0.1:${proxy.port}` });
  publishing = setInterval(() => void monitored.publish(["a message", "another one"]).catch(() => undefined), 200);
  const isWell = async () => {
    expect((await health()).status).toBe("ok");
    expect(await monitored.prometheus.query('millrace_messages_total{service="sink"} > 0')).toHaveLength(1);
    expect(await slowAlerts()).toEqual([]);
  };
  await vi.waitFor(isWell, { timeout: 60_000, interval: 200 });
});

afterAll(async () => {
  clearInterval(publishing);
  await monitored?.resources.disposeAsync();
  await proxy?.[Symbol.asyncDispose]();
});

test("a slowed OpenSearch shows within ten seconds in /health, in an alert, and in the latency report", async () => {
  proxy.mode = "slow";
  const slowedAt = new Date().toISOString();
  const options = { timeout: VISIBLE_WITHIN_MS, interval: 100 };
  await Promise.all([
    expect
      .poll(async () => (await health()).checks.sink, options)
      .toMatchObject({
        status: "slow",
        cause: expect.stringMatching(/^sink\.bulk_write takes \d+ ms \(opensearch\)$/),
      }),
    expect.poll(slowAlerts, options).toEqual([
      expect.objectContaining({
        labels: expect.objectContaining({ service: "sink", operation: "sink.bulk_write", dependency: "opensearch" }),
        annotations: expect.objectContaining({ summary: expect.stringMatching(/^sink\.bulk_write takes/) }),
      }),
    ]),
    expect
      .poll(() => slowestOperation(slowedAt), { ...options, interval: 1_000 })
      .toMatchObject({ operation: "sink.bulk_write" }),
  ]);
});

test("and is gone from /health when OpenSearch is fast again", async () => {
  proxy.mode = "pass";
  await expect.poll(async () => (await health()).status, { timeout: 30_000, interval: 200 }).toBe("ok");
});

async function health() {
  const response = await fetch(new URL("/health", monitored.pipeline.api));
  return (await response.json()) as { status: string; checks: Record<string, object> };
}

/** On a busy machine what a process does once at its start may be slow too. */
async function slowAlerts() {
  const firing = await monitored.prometheus.firing();
  return firing.filter(
    ({ labels }) => labels.alertname === "MillraceOperationSlow" && labels.operation === "sink.bulk_write",
  );
}

interface Operation {
  operation: string;
  p50Ms: number;
}

/** By its median, since a busy machine makes any request slow once; `sink.batch` is as slow as what it waits for. */
async function slowestOperation(since: string): Promise<Operation | undefined> {
  const command = resolve(import.meta.dirname, "../../cli/src/main.ts");
  const logs = monitored.pipeline.processes.map(({ log }) => log);
  const { stdout } = await promisify(execFile)(process.execPath, [
    ...["--conditions=millrace", command, "latency", "--json", "--since", since, ...logs],
  ]);
  const { operations } = JSON.parse(stdout) as { operations: Operation[] };
  return operations
    .filter(({ operation, p50Ms }) => operation !== "sink.batch" && p50Ms >= 2 * DELAY_MS)
    .toSorted((one, other) => other.p50Ms - one.p50Ms)[0];
}
