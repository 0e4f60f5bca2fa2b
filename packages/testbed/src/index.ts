export { clean } from "./clean.ts";
export {
  type EmbeddingsFault,
  type EmbeddingsSettings,
  type EmbeddingsStats,
  embeddingsFaults,
} from "./embeddings/settings.ts";
export { type EmbeddingsApi, startEmbeddingsApi } from "./embeddings/start.ts";
export { textHash, VectorSpace } from "./embeddings/vectors.ts";
export { endingKeys, endKeys } from "./ending-keys.ts";
export { kafkaThrough } from "./kafka-through.ts";
export { type Moto, startMoto } from "./moto.ts";
export { type NetworkProxy, type ProxyMode, startProxy } from "./network-proxy.ts";
export { peakResidentBytes, processorMicroseconds } from "./process-figures.ts";
export { type RedisCluster, startRedisCluster } from "./redis-cluster.ts";
export {
  beginReport,
  type Findings,
  headerOf,
  type Measurement,
  type ReportDefinition,
} from "./reports/begin-report.ts";
export { markdownTable } from "./reports/markdown.ts";
export { pipelinePaths } from "./reports/pipeline-paths.ts";
export type { KnownCredentials, SecureKafkaOptions } from "./secure-kafka/options.ts";
export { type SecureKafka, startSecureKafka } from "./secure-kafka/start.ts";
export { seededRandom } from "./seeded-random.ts";
export {
  CLOSED_PORT,
  eventually,
  expectNoTimeoutWarnings,
  openCertificates,
  type TestPatience,
  testEnvironment,
  testPatience,
  uniqueName,
} from "./surroundings.ts";
export { type IssuedKey, type PodIdentityAgent, startPodIdentityAgent } from "./verifiers/pod-identity-agent.ts";
export { type PostgresAuthenticator, startPostgresAuthenticator } from "./verifiers/postgres-authenticator.ts";
export { type RedisAuthenticator, startRedisAuthenticator } from "./verifiers/redis-authenticator.ts";
export { type BulkFate, type ServerlessProxy, startServerlessProxy } from "./verifiers/serverless-proxy.ts";
export {
  accessKeyOf,
  type Expectation,
  type KnownKey,
  refusePresigned,
  refuseSignedHeaders,
} from "./verifiers/signature-v4.ts";
export { type SigningProxy, startSigningProxy } from "./verifiers/signing-proxy.ts";
