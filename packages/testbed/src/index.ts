export { clean } from "./clean.ts";
export {
  type EmbeddingsFault,
  type EmbeddingsSettings,
  type EmbeddingsStats,
  embeddingsFaults,
} from "./embeddings/settings.ts";
export { type EmbeddingsApi, startEmbeddingsApi } from "./embeddings/start.ts";
export { textHash, VectorSpace } from "./embeddings/vectors.ts";
export { kafkaThrough } from "./kafka-through.ts";
export { type NetworkProxy, type ProxyMode, startProxy } from "./network-proxy.ts";
export { peakResidentBytes, processorMicroseconds } from "./process-figures.ts";
export { seededRandom } from "./seeded-random.ts";
export {
  CLOSED_PORT,
  eventually,
  openEdges,
  type StageConfig,
  type TestPatience,
  testEnvironment,
  testPatience,
} from "./stage.ts";
