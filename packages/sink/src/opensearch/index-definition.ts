import type { SinkConfig } from "../config.ts";

const fields = {
  text: { type: "text" },
  // Lucene's limit for a term is 32,766 bytes; a longer key is stored but not searchable.
  key: { type: "keyword", ignore_above: 1_024 },
  topic: { type: "keyword" },
  partition: { type: "integer" },
  offset: { type: "long" },
  timestamp: { type: "date", format: "epoch_millis" },
  model: { type: "keyword" },
} as const;

/** The index definition: exact fields, BM25 over the text, and an HNSW graph over the vectors. */
export function indexDefinition(config: SinkConfig, dimensions: number) {
  return config.OPENSEARCH_AWS_SERVICE === "aoss"
    ? serverlessDefinition(dimensions)
    : clusterDefinition(config, dimensions);
}

/**
 * OpenSearch Serverless manages shards, replicas and refreshes itself and rejects settings for them. Of its engines, faiss
 * filters while it traverses the graph. Embedding vectors have length one, so ranking by distance equals ranking by angle.
 * The message id is a field, since Serverless vector collections do not accept custom document ids.
 */
function serverlessDefinition(dimension: number) {
  const method = { name: "hnsw", engine: "faiss", space_type: "l2" } as const;
  return {
    settings: { index: { knn: true } },
    mappings: {
      dynamic: false,
      properties: { id: { type: "keyword" }, ...fields, vector: { type: "knn_vector", dimension, method } },
    },
  } as const;
}

function clusterDefinition(config: SinkConfig, dimensions: number) {
  return {
    settings: {
      index: {
        knn: true,
        number_of_shards: config.OPENSEARCH_SHARDS,
        number_of_replicas: config.OPENSEARCH_REPLICAS,
        refresh_interval: config.OPENSEARCH_REFRESH_INTERVAL,
        // How long OpenSearch keeps a deletion's version, so that a late, older write does not undo the deletion.
        gc_deletes: "1d",
      },
    },
    mappings: {
      dynamic: false,
      properties: {
        ...fields,
        vector: {
          type: "knn_vector",
          dimension: dimensions,
          method: { name: "hnsw", engine: "lucene", space_type: "cosinesimil" },
        },
      },
    },
  } as const;
}
