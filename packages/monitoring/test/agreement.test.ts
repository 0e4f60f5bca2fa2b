import { execFile } from "node:child_process";
import { resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, inject, test, vi } from "vitest";
import { openMonitoredPipeline } from "./monitored-pipeline.ts";

const REQUESTS = 400;
const MESSAGES_EACH = 5;

const compared = ["ingest ingest.pack", "embed embed.request", "sink sink.bulk_write", "sink sink.insert"];
const END_TO_END = "sink publish_to_stored";
/** The api reports no latencies of its own to /status. */
const PUBLISH = "api api.publish";

interface Figures {
  count: number;
  p50Ms: number;
  p99Ms: number;
}
/** By process and operation. */
type Report = Record<string, Figures>;

let monitored: Awaited<ReturnType<typeof openMonitoredPipeline>>;

beforeAll(async () => {
  monitored = await openMonitoredPipeline(inject("stack"));
  const { publish, prometheus } = monitored;
  // Four at a time, so that latencies vary.
  const worker = async (): Promise<void> => {
    for (let request = 0; request < REQUESTS / 4; request++) {
      await publish(Array.from({ length: MESSAGES_EACH }, (_, index) => `message ${index} of request ${request}`));
    }
  };
  await Promise.all([worker(), worker(), worker(), worker()]);
  const count = `millrace_publish_to_stored_seconds_count == ${REQUESTS * MESSAGES_EACH}`;
  await vi.waitFor(async () => expect(await prometheus.query(count)).toHaveLength(1), {
    timeout: 60_000,
    interval: 500,
  });
});

afterAll(async () => {
  await monitored?.resources.disposeAsync();
});

test("the logs, /metrics, /status and the console tell the same latencies, within 5 %", async () => {
  // The last lines may come after the last message is stored, and a process reports every two seconds.
  await vi.waitFor(
    async () => {
      const logs = await fromLogs();
      const [metrics, status, page] = await Promise.all([fromMetrics(), fromStatus(), fromConsole()]);
      const sources = { metrics, status, console: page };
      for (const name of [...compared, END_TO_END]) {
        for (const [source, report] of Object.entries(sources))
          expectSame(report[name], logs[name], `${name} by ${source}`);
      }
      for (const report of [metrics, page]) expectSame(report[PUBLISH], logs[PUBLISH], PUBLISH);
      // Of so many, all mean the same by the 99th percentile: of fewer, which one of two neighbours it is would differ.
      for (const [source, report] of Object.entries(sources)) {
        expectClose(report[END_TO_END]?.p99Ms, logs[END_TO_END]?.p99Ms, `p99 of ${END_TO_END} by ${source}`);
      }
      for (const report of [metrics, page]) {
        expectClose(report[PUBLISH]?.p99Ms, logs[PUBLISH]?.p99Ms, `p99 of ${PUBLISH}`);
      }
    },
    { timeout: 30_000, interval: 1_000 },
  );
});

function expectSame(actual: Figures | undefined, expected: Figures | undefined, what: string): void {
  expect(actual?.count, what).toBe(expected?.count);
  expect(expected?.count, what).toBeGreaterThan(20);
  expectClose(actual?.p50Ms, expected?.p50Ms, `p50 of ${what}`);
}

function expectClose(actual: number | undefined, expected: number | undefined, what: string): void {
  const ratio = (actual ?? 0) / (expected ?? 0);
  expect(Math.abs(ratio - 1), `${what}: ${actual} and ${expected} ms`).toBeLessThan(0.05);
}

async function fromLogs(): Promise<Report> {
  const command = resolve(import.meta.dirname, "../../cli/src/main.ts");
  const logs = monitored.pipeline.processes.map(({ log }) => log);
  const { stdout } = await promisify(execFile)(process.execPath, [
    ...["--conditions=millrace", command, "latency", "--json", ...logs],
  ]);
  const report = JSON.parse(stdout) as {
    operations: ({ stage: string; operation: string } & Figures)[];
    endToEnd: Figures;
  };
  const operations = report.operations.map((figures) => [`${figures.stage} ${figures.operation}`, figures]);
  return { ...Object.fromEntries(operations), [END_TO_END]: report.endToEnd };
}

/** As a dashboard computes them, but since the start. */
async function fromMetrics(): Promise<Report> {
  const quantile = async (q: number, metric: string) =>
    Number(
      (await monitored.prometheus.query(`histogram_quantile(${q}, ${metric.replace("{", "_bucket{")})`))[0]?.value[1],
    );
  const figures = async (name: string): Promise<[string, Figures]> => {
    const [service, operation] = name.split(" ");
    const metric =
      name === END_TO_END
        ? "millrace_publish_to_stored_seconds{}"
        : `millrace_operation_duration_seconds{service="${service}",operation="${operation}"}`;
    const [count] = await monitored.prometheus.query(metric.replace("{", "_count{"));
    const [p50, p99] = [await quantile(0.5, metric), await quantile(0.99, metric)];
    return [name, { count: Number(count?.value[1]), p50Ms: p50 * 1_000, p99Ms: p99 * 1_000 }];
  };
  return Object.fromEntries(await Promise.all([...compared, END_TO_END, PUBLISH].map(figures)));
}

type Latencies = Record<string, { latencies: Record<string, Figures> }>;

async function fromStatus(): Promise<Report> {
  const response = await fetch(new URL("/status", monitored.pipeline.api));
  return byOperation(((await response.json()) as { stages: Latencies }).stages);
}

/** What the page draws: the first snapshot that it is sent. */
async function fromConsole(): Promise<Report> {
  const response = await fetch(new URL("/events", monitored.pipeline.api));
  let received = "";
  for await (const piece of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    received += piece;
    const [, data] = /^event: snapshot\ndata: (.*)\n/m.exec(received) ?? [];
    if (data === undefined) continue;
    const { stages, api } = JSON.parse(data) as { stages: Latencies; api: Latencies[string] };
    return byOperation({ ...stages, api });
  }
  throw new Error(`/events ended without a snapshot: ${received}`);
}

function byOperation(processes: Latencies): Report {
  return Object.fromEntries(
    Object.entries(processes).flatMap(([name, { latencies }]) =>
      Object.entries(latencies).map(([operation, figures]) => [`${name} ${operation}`, figures]),
    ),
  );
}
