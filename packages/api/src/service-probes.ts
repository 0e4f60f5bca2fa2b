import type { Redis } from "@millrace/connections";
import type { KafkaAdmin } from "@millrace/kafka";
import type { OpenSearchClient } from "@millrace/opensearch";
import type { Pool } from "@millrace/postgres";
import type { Health } from "@millrace/shared";
import { createProbe, PROBE_TIMEOUT_MS, type Probe } from "./probe.ts";
import { explain } from "./redis/explain.ts";
import type { HealthEdges } from "./routes/health.ts";

export interface ProbedClients {
  postgres: Pool;
  opensearch: OpenSearchClient;
  kafka: KafkaAdmin;
  redis: Redis;
}

/** A cheap request to each service that succeeds if the service can do its work. */
export function createServiceProbes(
  { postgres, opensearch, kafka, redis }: ProbedClients,
  index: string,
  health: Health,
): HealthEdges["probes"] {
  return {
    postgres: notedProbe("postgres", () => postgres.query("SELECT 1"), health),
    opensearch: notedProbe("opensearch", () => askIndex(opensearch, index), health),
    kafka: notedProbe("kafka", () => kafka.use((admin) => admin.describeCluster()), health),
    // The client reports its connection state to `health` itself.
    redis: createProbe(() => explain(() => redis.ping(), health)),
  };
}

export function createEmbedProbe(embedUrl: string): Probe {
  return createProbe(async () => {
    const response = await fetch(`${embedUrl}/health/live`, { signal: AbortSignal.timeout(PROBE_TIMEOUT_MS) });
    await response.body?.cancel();
    if (!response.ok) throw new Error(`status ${response.status}`);
  });
}

/** A probe that records its result in the process's health, and thereby in its metrics. */
function notedProbe(dependency: string, ask: () => Promise<unknown>, health: Health): Probe {
  const probe = createProbe(ask);
  return async () => {
    const result = await probe();
    if (result.status === "ok") health.working(dependency);
    else health.waiting(dependency, result.cause ?? "no response");
    return result;
  };
}

/** Fails if a shard of the index does not respond. A missing index is fine. */
function askIndex(client: OpenSearchClient, index: string): Promise<unknown> {
  return client.search({
    index,
    ignore_unavailable: true,
    allow_partial_search_results: false,
    size: 0,
    terminate_after: 1,
  });
}
