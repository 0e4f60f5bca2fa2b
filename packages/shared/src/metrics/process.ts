import { readFileSync } from "node:fs";
import type { Health } from "../health.ts";
import type { Log } from "../log.ts";
import { Metrics } from "./metrics.ts";

/** The metrics that every process has, whatever it does. */
export function processMetrics(log: Log, health: Health): Metrics {
  const metrics = new Metrics(log.service);
  const version = readVersion();
  metrics.expose("millrace_build_info", () => [[{ version, node: process.version }, 1]]);
  metrics.exposeOne("millrace_ready", () => Number(health.ready));
  metrics.expose("millrace_dependency_up", () =>
    Object.entries(health.dependencies).map(([dependency, { state }]) => [{ dependency }, Number(state === "working")]),
  );
  metrics.expose("millrace_operations_total", () =>
    [...log.operations.statuses()].map(({ count, ...labels }) => [labels, count]),
  );
  metrics.expose("millrace_operation_duration_seconds", () =>
    [...log.operations.latencies()].map(({ operation, latency }) => [{ operation }, latency]),
  );
  return metrics;
}

/** Of this package, which has the version of all: its manifest lies above `src` and `dist` alike. */
function readVersion(): string {
  const manifest = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  return String(manifest.version);
}
