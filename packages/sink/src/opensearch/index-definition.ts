import type { SinkConfig } from "../config.ts";

/** The body that creates the index: exact fields, BM25 over the text, and an HNSW graph over the vectors. */
export function indexDefinition(config: SinkConfig, dimensions: number) {
  return {
    settings: {
      index: {
        knn: true,
        number_of_shards: config.OPENSEARCH_SHARDS,
        number_of_replicas: config.OPENSEARCH_REPLICAS,
        refresh_interval: config.OPENSEARCH_REFRESH_INTERVAL,
        // How long a deletion's version is remembered, so that an older write that comes late does not undo it.
        gc_deletes: "1d",
      },
    },
    mappings: {
      dynamic: false,
      properties: {
        text: { type: "text" },
        // Lucene's limit for a term is 32,766 bytes; a longer key is kept and not searchable.
        key: { type: "keyword", ignore_above: 1_024 },
        topic: { type: "keyword" },
        partition: { type: "integer" },
        offset: { type: "long" },
        timestamp: { type: "date", format: "epoch_millis" },
        model: { type: "keyword" },
        vector: {
          type: "knn_vector",
          dimension: dimensions,
          method: { name: "hnsw", engine: "lucene", space_type: "cosinesimil" },
        },
      },
    },
  } as const;
}
