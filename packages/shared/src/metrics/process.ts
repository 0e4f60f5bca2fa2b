import { readFileSync } from "node:fs";
import type { IdentitySettings } from "../aws/check.ts";
import { credentialsUse } from "../aws/credentials.ts";
import type { Health } from "../health.ts";
import type { Log } from "../log.ts";
import type { Pool } from "../postgres.ts";
import { Metrics } from "./metrics.ts";

/** The metrics that every process has, whatever it does. */
export function processMetrics(log: Log, health: Health, settings: IdentitySettings): Metrics {
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
  exposeIdentity(metrics, settings);
  return metrics;
}

function exposeIdentity(metrics: Metrics, settings: IdentitySettings): void {
  const enabled = {
    kafka: settings.KAFKA_USE_IAM_AUTH === true || settings.KAFKA_SECURITY === "iam",
    postgres: settings.POSTGRES_USE_IAM_AUTH,
    opensearch: settings.OPENSEARCH_USE_IAM_AUTH,
    redis: settings.REDIS_USE_IAM_AUTH,
  };
  metrics.expose("millrace_iam_enabled", () =>
    Object.entries(enabled).flatMap(([dependency, iam]) => (iam === undefined ? [] : [[{ dependency }, Number(iam)]])),
  );
  metrics.expose("millrace_aws_credentials_requests_total", () => [
    [{ status: "ok" }, credentialsUse.provided],
    [{ status: "failed" }, credentialsUse.failed],
  ]);
  metrics.exposeOne("millrace_aws_credentials_expiry_timestamp_seconds", () => credentialsUse.expiresAtMs / 1_000);
}

export function exposePool(metrics: Metrics, pool: Pool, max: number): void {
  metrics.expose("millrace_postgres_connections", () => [
    [{ state: "busy" }, pool.totalCount - pool.idleCount],
    [{ state: "idle" }, pool.idleCount],
  ]);
  metrics.exposeOne("millrace_postgres_connections_limit", () => max);
  metrics.exposeOne("millrace_postgres_waiting", () => pool.waitingCount);
}

/** Of this package, which has the version of all: its manifest lies above `src` and `dist` alike. */
function readVersion(): string {
  const manifest = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  return String(manifest.version);
}
