// The parts from which the testbed builds further services.
export { type Component, install } from "./cache.ts";
export { type Certificates, makeCertificates } from "./certificates.ts";
export { cacheDirectory, pipelineDirectory, stackDirectory } from "./directories.ts";
export type { StackEnvironment } from "./environment.ts";
export { HOST } from "./environment.ts";
export { StackError } from "./errors.ts";
export { exchange } from "./exchange.ts";
export { findJava } from "./java.ts";
export { lease } from "./lease.ts";
export { fetchByMaven, type MavenRecipe, recipeHash } from "./maven.ts";
export { isolated, type Namespace } from "./namespace.ts";
export { type Pipeline, type PipelineOptions, requireStartable, startPipeline } from "./pipeline.ts";
export type { Exit, PipelineProcess, ProcessName } from "./pipeline-process.ts";
export { findFreePorts, isFree } from "./ports.ts";
export { type ProgressReporter, plainProgress } from "./progress.ts";
export { answersMetadata, formatStorage, kafka } from "./services/kafka.ts";
export { redis, redisProgram } from "./services/redis.ts";
export {
  down,
  environment,
  reset,
  type Stack,
  type StackOptions,
  startService,
  stopService,
  up,
} from "./stack.ts";
export type { ServiceName } from "./state.ts";
export { type ServiceStatus, status } from "./status.ts";
export { textTable } from "./text-table.ts";
export { runTool } from "./tool.ts";
export { default as vitestGlobalSetup } from "./vitest.ts";
