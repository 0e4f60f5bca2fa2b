import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, inject, test, vi } from "vitest";
import { openMonitoredPipeline } from "./monitored-pipeline.ts";

const MESSAGES_EACH = 5;
const MESSAGES_AT_LEAST = 2_000;
/** With fewer, a median may lie between two neighbours that differ by more than the tolerance. */
const OPERATIONS_AT_LEAST = 100;

const compared = ["ingest ingest.pack", "embed embed.request", "sink sink.bulk_write", "sink sink.insert"];
const END_TO_END = "sink publish_to_stored";
/** The api reports no latencies of its own to /status. */
const PUBLISH = "api api.publish";

interface Figures {
  count: number;
  p50Ms: number;
  p99Ms: number;
}
interface LogLine {
  service: string;
  action: string;
  status: string;
  durationMs: number;
  details?: { endToEndMs?: Record<string, number> };
}

/** By process and operation. */
type Report = Record<string, Figures>;

let monitored: Awaited<ReturnType<typeof openMonitoredPipeline>>;

beforeAll(async () => {
  monitored = await openMonitoredPipeline(inject("stack"));
  const { publish, prometheus } = monitored;
  let published = 0;
  let enough = false;
  // Four at a time, so that latencies vary; with pauses, because a stage that lags does much in few operations.
  const worker = async (): Promise<void> => {
    while (!enough) {
      await publish(Array.from({ length: MESSAGES_EACH }, (_, index) => `message ${index} after ${published}`));
      published += MESSAGES_EACH;
      await sleep(40);
    }
  };
  const untilEnough = async (): Promise<void> => {
    const everyOperationOften = async () => {
      const status = await fromStatus();
      for (const name of compared) expect(status[name]?.count, name).toBeGreaterThanOrEqual(OPERATIONS_AT_LEAST);
      expect(published).toBeGreaterThanOrEqual(MESSAGES_AT_LEAST);
    };
    await vi.waitFor(everyOperationOften, { timeout: 90_000, interval: 500 }).finally(() => {
      enough = true;
    });
  };
  await Promise.all([untilEnough(), worker(), worker(), worker(), worker()]);
  await vi.waitFor(
    async () => {
      const stored = await prometheus.query("millrace_publish_to_stored_seconds_count");
      expect(Number(stored[0]?.value[1])).toBe(published);
    },
    { timeout: 60_000, interval: 500 },
  );
});

afterAll(async () => {
  await monitored?.resources.disposeAsync();
});

test("the logs, /metrics, /status and the console show the same latencies, within 5 %", async () => {
  // The last lines may follow after the last message is stored, and a process reports every two seconds.
  await vi.waitFor(
    async () => {
      const durations = await loggedDurations();
      const [logs, metrics, status, page] = await Promise.all([fromLogs(), fromMetrics(), fromStatus(), fromConsole()]);
      for (const [source, report] of Object.entries({ logs, metrics, status, console: page })) {
        for (const name of [...compared, END_TO_END, PUBLISH]) {
          if (source === "status" && name === PUBLISH) continue;
          expectShown(report[name], durations.get(name) ?? [], `${name} by ${source}`);
        }
      }
    },
    { timeout: 30_000, interval: 1_000 },
  );
});

function expectShown(shown: Figures | undefined, durations: readonly number[], what: string): void {
  expect(shown?.count, what).toBe(durations.length);
  expect(durations.length, what).toBeGreaterThanOrEqual(OPERATIONS_AT_LEAST);
  expectQuantile(shown?.p50Ms, durations, 0.5, `p50 of ${what}`);
  expectQuantile(shown?.p99Ms, durations, 0.99, `p99 of ${what}`);
}

/** If a quantile lies between two durations, each computation may take either of them, or a value between. */
function expectQuantile(shown: number | undefined, durations: readonly number[], q: number, what: string): void {
  const above = Math.floor(q * durations.length);
  const [low, high] = durations.slice(above - 1, above + 1) as [number, number];
  expect(shown, what).toBeGreaterThan(low * 0.95);
  expect(shown, what).toBeLessThan(high * 1.05);
}

/** Every logged duration, sorted. */
async function loggedDurations(): Promise<Map<string, number[]>> {
  const durations = new Map([...compared, END_TO_END, PUBLISH].map((name): [string, number[]] => [name, []]));
  for (const { log } of monitored.pipeline.processes) {
    for (const line of (await readFile(log, "utf8")).trimEnd().split("\n")) {
      const { service, action, status, durationMs, details } = JSON.parse(line) as LogLine;
      if (status !== "ok") continue;
      durations.get(`${service} ${action}`)?.push(durationMs);
      for (const [ms, count] of Object.entries(details?.endToEndMs ?? {})) {
        durations.get(END_TO_END)?.push(...Array<number>(count).fill(Number(ms)));
      }
    }
  }
  for (const values of durations.values()) values.sort((a, b) => a - b);
  return durations;
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

/** The page's data: the first snapshot that it receives. */
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
