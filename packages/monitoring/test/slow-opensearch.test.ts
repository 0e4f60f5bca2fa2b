import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { promisify } from "node:util";
import { startProxy } from "@millrace/testbed";
import { afterAll, beforeAll, expect, inject, test, vi } from "vitest";
import { openMonitoredPipeline } from "./monitored-pipeline.ts";

/** Delay each way to OpenSearch: a bulk write takes at least twice as long, more than SLOW_OPERATION_MS. */
const DELAY_MS = 700;
const VISIBLE_WITHIN_MS = 10_000;
/** Its default. */
const SLOW_OPERATION_MS = 1_000;
const SLOWED = "sink sink.bulk_write";

let monitored: Awaited<ReturnType<typeof openMonitoredPipeline>>;
let proxy: Awaited<ReturnType<typeof startProxy>>;
let publishing: NodeJS.Timeout;
let watching: NodeJS.Timeout;
/** Every operation that was ever reported slow, as `service operation`: by an alert, or by /health. */
const alarms = { alerts: new Set<string>(), health: new Set<string>() };

beforeAll(async () => {
  const stack = inject("stack");
  proxy = await startProxy(Number(new URL(stack.OPENSEARCH_ENDPOINT).port), { slowDelayMs: DELAY_MS });
  monitored = await openMonitoredPipeline(stack, { OPENSEARCH_ENDPOINT: `http://127.0.0.1:${proxy.port}` });
  publishing = setInterval(() => void monitored.publish(["a message", "another one"]).catch(() => undefined), 200);
  watching = setInterval(() => void noteAlarms().catch(() => undefined), 500);
  const isWell = async () => {
    expect((await health()).status).toBe("ok");
    expect(await monitored.prometheus.query('millrace_messages_total{service="sink"} > 0')).toHaveLength(1);
    expect(await slowAlerts()).toEqual([]);
  };
  // An alert for the first write, if that was slow, lasts for a minute.
  await vi.waitFor(isWell, { timeout: 150_000, interval: 200 });
});

afterAll(async () => {
  clearInterval(publishing);
  clearInterval(watching);
  await monitored?.resources.disposeAsync();
  await proxy?.[Symbol.asyncDispose]();
});

test("a slow OpenSearch shows within ten seconds in /health, in an alert, and in the latency report", async () => {
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

test("the delay is gone from /health once OpenSearch is fast again", async () => {
  proxy.mode = "pass";
  await expect.poll(async () => (await health()).status, { timeout: 30_000, interval: 200 }).toBe("ok");
});

test("no alarm was false: every operation that was reported slow took longer than SLOW_OPERATION_MS at least once", async () => {
  await noteAlarms();
  const slow = await slowOperations();
  expect(slow).toContain(SLOWED);
  expect([...alarms.alerts]).toContain(SLOWED);
  expect([...alarms.health]).toContain(SLOWED);
  // On a busy machine other operations may be slow too; then the log has them.
  expect([...alarms.alerts, ...alarms.health].filter((alarm) => !slow.has(alarm))).toEqual([]);
});

async function health() {
  const response = await fetch(new URL("/health", monitored.pipeline.api));
  return (await response.json()) as { status: string; checks: Record<string, { status: string; cause?: string }> };
}

async function allSlowAlerts() {
  const firing = await monitored.prometheus.firing();
  return firing.filter(({ labels }) => labels.alertname === "MillraceOperationSlow");
}

async function slowAlerts() {
  return (await allSlowAlerts()).filter(({ labels }) => labels.operation === "sink.bulk_write");
}

async function noteAlarms(): Promise<void> {
  for (const { labels } of await allSlowAlerts()) alarms.alerts.add(`${labels.service} ${labels.operation}`);
  for (const [service, { status, cause }] of Object.entries((await health()).checks)) {
    if (status === "slow") alarms.health.add(`${service} ${cause?.split(" takes ")[0]}`);
  }
}

/** From the processes' logs, which have the duration of each attempt. */
async function slowOperations(): Promise<Set<string>> {
  const logs = await Promise.all(monitored.pipeline.processes.map(({ log }) => readFile(log, "utf8")));
  const lines = logs.flatMap((log) => log.split("\n").filter((line) => line.startsWith("{")));
  const operations = lines.map((line) => JSON.parse(line) as { service: string; action: string; durationMs?: number });
  const slow = operations.filter(({ durationMs = 0 }) => durationMs > SLOW_OPERATION_MS);
  return new Set(slow.map(({ service, action }) => `${service} ${action}`));
}

interface Operation {
  operation: string;
  p50Ms: number;
}

/**
 * By its median, because on a busy machine any request is slow once; `sink.batch` is as slow as the requests it waits
 * for.
 */
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
