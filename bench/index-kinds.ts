import type { OpenSearchClient } from "../packages/opensearch/src/index.ts";
import type { SinkConfig } from "../packages/sink/src/config.ts";
import { indexDefinition } from "../packages/sink/src/opensearch/index-definition.ts";

/**
 * `hnsw`: as the sink creates it, with a graph over the vectors, which is most of OpenSearch's work. `flat`: vectors without
 * a graph, to expose the cost of everything else.
 */
export const indexKinds = ["hnsw", "flat"] as const;
export type IndexKind = (typeof indexKinds)[number];

export async function createIndex(
  client: OpenSearchClient,
  config: SinkConfig,
  kind: IndexKind,
  dimension: number,
): Promise<void> {
  const { settings, mappings } = indexDefinition(config, dimension);
  const flat = {
    settings: { index: { ...settings.index, knn: false } },
    mappings: { ...mappings, properties: { ...mappings.properties, vector: { type: "knn_vector", dimension } } },
  } as const;
  await client.indices.create({
    index: config.OPENSEARCH_INDEX,
    body: kind === "flat" ? flat : { settings, mappings },
  });
}
