export { type Certificates, makeCertificates } from "./certificates.ts";
export { pipelineDirectory, stackDirectory } from "./directories.ts";
export type { StackEnvironment } from "./environment.ts";
export { StackError } from "./errors.ts";
export { lease } from "./lease.ts";
export { type Moto, startMoto } from "./moto.ts";
export { isolated, type Namespace } from "./namespace.ts";
export { type Pipeline, type PipelineOptions, requireStartable, startPipeline } from "./pipeline.ts";
export type { Exit, PipelineProcess, ProcessName } from "./pipeline-process.ts";
export { isFree } from "./ports.ts";
export { type RedisCluster, startRedisCluster } from "./redis-cluster.ts";
export { type KnownCredentials, type SecureKafka, type SecureKafkaOptions, startSecureKafka } from "./secure-kafka.ts";
export {
  down,
  environment,
  reset,
  type ServiceStatus,
  type Stack,
  type StackOptions,
  startService,
  status,
  stopService,
  up,
} from "./stack.ts";
export type { ServiceName } from "./state.ts";
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
export { default as vitestGlobalSetup } from "./vitest.ts";
