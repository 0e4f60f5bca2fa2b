import type { SinkConfig } from "../config.ts";

const fields = {
  text: { type: "text" },
  // Lucene's limit for a term is 32,766 bytes; a longer key is kept and not searchable.
  key: { type: "keyword", ignore_above: 1_024 },
  topic: { type: "keyword" },
  partition: { type: "integer" },
  offset: { type: "long" },
  timestamp: { type: "date", format: "epoch_millis" },
  model: { type: "keyword" },
} as const;

/** The body that creates the index: exact fields, BM25 over the text, and an HNSW graph over the vectors. */
export function indexDefinition(config: SinkConfig, dimensions: number) {
  return config.OPENSEARCH_AWS_SERVICE === "aoss"
    ? serverlessDefinition(dimensions)
    : clusterDefinition(config, dimensions);
}

/**
 * A vector collection of OpenSearch Serverless sees to shards, replicas and refreshes itself, and refuses to be told. Of its engines
 * faiss filters while it walks the graph. Vectors of embedding models have a length of one: the nearest by distance is the nearest by
 * angle. The id of a message is a field, since a document can't have an id of ours.
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
        // How long a deletion's version is remembered, so that an older write that comes late does not undo it.
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
