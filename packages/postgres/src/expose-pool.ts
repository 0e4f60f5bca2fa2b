import type { Metrics } from "@millrace/shared";
import type { Pool } from "./pool.ts";

/** Metrics of a pool: busy and idle connections, their limit, and the queries that wait for one. */
export function exposePool(metrics: Metrics, pool: Pool, max: number): void {
  metrics.expose("millrace_postgres_connections", () => [
    [{ state: "busy" }, pool.totalCount - pool.idleCount],
    [{ state: "idle" }, pool.idleCount],
  ]);
  metrics.exposeOne("millrace_postgres_connections_limit", () => max);
  metrics.exposeOne("millrace_postgres_waiting", () => pool.waitingCount);
}
