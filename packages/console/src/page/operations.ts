import type { LatencyFigures, Snapshot } from "../contract.ts";

/** The operations shown, in pipeline order; without those that a process runs only once. */
const shown = [
  ["publish_to_stored", "Publish to stored", "sink"],
  ["api.publish", "Publish", "api"],
  ["ingest.pack", "Pack a batch", "ingest"],
  ["embed.batch", "Embed a batch", "embed"],
  ["embed.request", "Embeddings request", "embed"],
  ["sink.batch", "Store a batch", "sink"],
  ["sink.bulk_write", "Bulk write to OpenSearch", "sink"],
  ["sink.insert", "Insert into PostgreSQL", "sink"],
  ["api.search", "Search", "api"],
] as const;

export interface MeasuredOperation {
  /** The name in the logs and the metrics. */
  name: string;
  title: string;
  latency: LatencyFigures;
}

/** The operations with measurements. */
export function operationsOf({ api, stages }: Snapshot): MeasuredOperation[] {
  return shown.flatMap(([name, title, process]) => {
    const latency = (process === "api" ? api : stages[process]).latencies[name];
    return latency ? { name, title, latency } : [];
  });
}
