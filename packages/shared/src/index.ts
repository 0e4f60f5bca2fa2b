export { type Action, actions } from "./actions.ts";
export { BackgroundWork } from "./background-work.ts";
export { type BackoffSettings, backoffDelayMs, delay } from "./backoff.ts";
export { bisect, halvesOf, type Part } from "./bisect.ts";
export {
  ConfigurationError,
  described,
  describeVariables,
  readConfiguration,
  requireSetting,
  type Settings,
  type VariableDescription,
  variable,
} from "./config.ts";
export { Distribution, type DistributionSummary } from "./distribution.ts";
export { embedAnswerSchema, embedRouteSettings } from "./embed-route.ts";
export { dimensionsOf, estimateUsd, LOCAL_DIMENSIONS, pricedModels, priceOf } from "./embedding-models.ts";
export {
  checkEmbeddingKey,
  type EmbeddingSettings,
  embeddingSettings,
  modelSettings,
  openAiDimensions,
} from "./embedding-settings.ts";
export {
  type EventTopicSettings,
  eventTopicSettings,
  namesMatching,
  type TokenSettings,
  tokenSettings,
} from "./event-topics.ts";
export {
  describeCause,
  type Failure,
  type Fault,
  type PoisonCode,
  type PoisonFault,
  poison,
  poisonCodes,
  type RetryableFault,
  retryable,
  type Split,
} from "./fault.ts";
export { type DecodedValue, isFramed, NO_REGISTRY, type ValueDecoder } from "./framed-value.ts";
export { type DependencyHealth, Health } from "./health.ts";
export { type HttpServer, healthRoutes, metricsRoute, serveHttp, type WebSocketServer } from "./http.ts";
export { parseJson } from "./json.ts";
export { type LastReport, lastReportSchema, type PolicyDocument, type Statement } from "./last-report.ts";
export { bucketBounds, Latency, type LatencySummary } from "./latency.ts";
export { type ProcessContext, runProcess } from "./lifecycle.ts";
export { Log } from "./log.ts";
export { metricDefinitions } from "./metrics/definitions.ts";
export { Metrics } from "./metrics/metrics.ts";
export { processMetrics } from "./metrics/process.ts";
export { Operations, type SlowOperation } from "./operations.ts";
export {
  commonProblemKinds,
  jsonPointer,
  PROBLEM_MEDIA_TYPE,
  Problem,
  type ProblemKinds,
  problemMembers,
  problemOf,
  problemResponse,
  type RequestError,
  requestErrors,
  timeoutException,
} from "./problem.ts";
export { quietly } from "./quiet.ts";
export { decodeBatch, encodeBatch, encodedSize, unfitForBatch } from "./records/batch.ts";
export { RecordError, tryParse } from "./records/bytes.ts";
export {
  type DeadLetter,
  deadLetterHeaders,
  deadLetterRecord,
  fitDeadLetter,
  parseDeadLetter,
  replayRecord,
} from "./records/dead-letter.ts";
export { type Headers, isTombstone, type Message, messageId, type Origin, parseMessageId } from "./records/message.ts";
export { cutBySize, recordSize } from "./records/record-size.ts";
export type { Undeliverable } from "./records/undeliverable.ts";
export { decodeVectors, type EmbeddedBatch, encodeVectors, VectorsRecord } from "./records/vectors.ts";
export { batchSettings, documentSettings, type ProcessSettings, processSettings } from "./settings.ts";
export { type Operation, type Patience, retryUntilDone, type Settled, settle } from "./settle.ts";
export { SpareMemory } from "./spare-memory.ts";
export { aborted, handleStopSignals, orAborted } from "./stop-signals.ts";
export { noTracing, TRACEPARENT, type TracedMessage, type Tracing } from "./tracing/tracing.ts";
export { vectorKeys } from "./vector-key.ts";
