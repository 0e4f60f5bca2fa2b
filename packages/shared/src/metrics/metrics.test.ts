import { expect, test } from "vitest";
import { Health } from "../health.ts";
import { metricsRoute } from "../http.ts";
import { Latency } from "../latency.ts";
import { Log } from "../log.ts";
import { metricDefinitions } from "./definitions.ts";
import { Metrics } from "./metrics.ts";
import { processMetrics } from "./process.ts";

test("a metric is read when it is scraped", async () => {
  const metrics = new Metrics("sink");
  let messages = 1;
  metrics.exposeOne("millrace_messages_total", () => messages);
  metrics.expose("millrace_dead_letters_total", () => [[{ code: 'a "quoted" one' }, 3]]);
  messages = 2;
  const lines = (await metrics.text()).split("\n");
  expect(lines).toContain("# TYPE millrace_messages_total counter");
  expect(lines).toContain('millrace_messages_total{service="sink"} 2');
  expect(lines).toContain('millrace_dead_letters_total{code="a \\"quoted\\" one",service="sink"} 3');
});

test("a histogram has its buckets, sum and count", async () => {
  const metrics = new Metrics("sink");
  const latency = new Latency();
  latency.record(1.02, 2);
  latency.record(5_000_000);
  metrics.expose("millrace_operation_duration_seconds", () => [[{ operation: "sink.insert" }, latency]]);
  const lines = (await metrics.text()).split("\n").filter((line) => line.startsWith("millrace_operation"));
  const bucket = (bound: string) =>
    `millrace_operation_duration_seconds_bucket{le="${bound}",service="sink",operation="sink.insert"}`;
  expect(lines).toContain(`${bucket("0.001")} 0`);
  expect(lines).toContain(`${bucket("0.001039")} 2`);
  expect(lines).toContain(`${bucket("3600")} 2`);
  expect(lines).toContain(`${bucket("+Inf")} 3`);
  expect(lines.at(-1)).toBe('millrace_operation_duration_seconds_count{operation="sink.insert",service="sink"} 3');
});

test("every process says what it is, what it waits for, and what became of its operations", async () => {
  const log = new Log("embed", { level: "silent" });
  const health = new Health();
  health.working("redis");
  health.waiting("kafka.consume", "away");
  log.record("embed.batch", "ok", 12);
  const app = metricsRoute(processMetrics(log, health));
  const response = await app.request("/metrics");
  expect(response.headers.get("content-type")).toContain("text/plain; version=0.0.4");
  const text = await response.text();
  for (const line of [
    'millrace_ready{service="embed"} 0',
    'millrace_dependency_up{dependency="redis",service="embed"} 1',
    'millrace_dependency_up{dependency="kafka.consume",service="embed"} 0',
    'millrace_operations_total{operation="embed.batch",status="failed",service="embed"} 0',
  ]) {
    expect(text).toContain(line);
  }
  expect(text).toMatch(/millrace_build_info\{version="\d+\.\d+\.\d+",node="v\d+.*",service="embed"\} 1/);
  expect(text).toContain("nodejs_eventloop_lag_seconds");
});

test("names follow Prometheus's conventions", () => {
  for (const [name, { type, help }] of Object.entries(metricDefinitions)) {
    expect(name).toMatch(/^millrace_[a-z_]+$/);
    expect(name.endsWith("_total"), name).toBe(type === "counter");
    if (type === "histogram") expect(name).toMatch(/_seconds$/);
    expect(help).toMatch(/\.$/);
  }
});
