export { type Attempts, createAttempts, lethalFault, oneByOne } from "./attempts.ts";
export { checkIdentity, type IdentitySettings, identityProblems } from "./aws/check.ts";
export { clockSkewMs, clockSkewOfMessageMs, describeClockSkew } from "./aws/clock.ts";
export { type AwsCredentials, type AwsCredentialsProvider, awsCredentials } from "./aws/credentials.ts";
export { openSecret, type SecretLocation, type SecretReader } from "./aws/secret.ts";
export { type BackoffSettings, backoffDelayMs, delay } from "./backoff.ts";
export type { Clients } from "./clients.ts";
export {
  ConfigurationError,
  describeVariables,
  readConfiguration,
  requireSetting,
  type Settings,
  type VariableDescription,
  variable,
} from "./config.ts";
export { createDeadLetters, type DeadLetters, type Undeliverable } from "./dead-letters.ts";
export { examineAtStart } from "./doctor/at-start.ts";
export { type DiagnoseOptions, diagnose } from "./doctor/diagnose.ts";
export { explainFailure, type ServiceName } from "./doctor/explain-failure.ts";
export { identityOf } from "./doctor/identity.ts";
export { type LastReport, lastReportSchema, type PolicyDocument } from "./doctor/last-report.ts";
export { dataAccessPolicy, policyOf, type TrustKind, trustPolicyOf } from "./doctor/policies.ts";
export {
  type DependencyName,
  type DependencyReport,
  type Report,
  type Step,
  type StepReport,
  steps,
} from "./doctor/report.ts";
export { readDoctorSettings, roleNames, type Subject } from "./doctor/settings.ts";
export { remedyText, type VerdictCode, verdicts } from "./doctor/verdicts.ts";
export { embedAnswerSchema, embedRouteSettings } from "./embed-route.ts";
export { dimensionsOf, estimateUsd, LOCAL_DIMENSIONS, pricedModels, priceOf } from "./embedding-models.ts";
export { eventTopicSettings, tokenSettings } from "./event-topics.ts";
export * from "./fault.ts";
export { type DecodedValue, isFramed, NO_REGISTRY, type ValueDecoder } from "./framed-value.ts";
export { type DependencyHealth, Health } from "./health.ts";
export { type HttpServer, healthRoutes, metricsRoute, serveHttp, type WebSocketServer } from "./http.ts";
export { parseJson } from "./json.ts";
export { createKafka } from "./kafka/client.ts";
export { type ConsumeOptions, type Consumption, consume } from "./kafka/consume.ts";
export { type Delivery, type OrderedProducer, openOrderedProducer } from "./kafka/ordered-producer.ts";
export {
  connectProducer,
  type OutgoingRecord,
  type Placement,
  protocolError,
  type RecordProducer,
} from "./kafka/produce.ts";
export { type OffsetRange, type ReadRecord, readRanges } from "./kafka/read.ts";
export { type DeadLetterSelection, readDeadLetters, SelectionTooLarge } from "./kafka/read-dead-letters.ts";
export { headersOf, type Received } from "./kafka/received.ts";
export { createTopicReader, isOutOfRange, ReadFailed, type TopicReader } from "./kafka/topic-reader.ts";
export {
  createTopics,
  ensurePipelineTopics,
  ensureTopics,
  type TopicRefusal,
  type TopicSpecification,
  tryEnsureTopics,
} from "./kafka/topics.ts";
export { bucketBounds, Latency, type LatencySummary } from "./latency.ts";
export { aborted, type ProcessContext, runProcess } from "./lifecycle.ts";
export { type Action, actions, Log } from "./log.ts";
export { metricDefinitions } from "./metrics/definitions.ts";
export { Metrics } from "./metrics/metrics.ts";
export { exposePool, processMetrics } from "./metrics/process.ts";
export { exposeWork } from "./metrics/stage.ts";
export { OffsetLedger } from "./offset-ledger.ts";
export type { OpenSearchClient } from "./opensearch.ts";
export { Operations, type SlowOperation } from "./operations.ts";
export type { Pool } from "./postgres.ts";
export { type Activity, announcePresence, type Presence, readPresence, type Stage, stages } from "./presence.ts";
export { decodeBatch, encodeBatch, encodedSize, unfitForBatch } from "./records/batch.ts";
export { RecordError } from "./records/bytes.ts";
export { type DeadLetter, deadLetterHeaders, parseDeadLetter, replayRecord } from "./records/dead-letter.ts";
export { type Headers, isTombstone, type Message, messageId, type Origin, parseMessageId } from "./records/message.ts";
export { cutBySize, recordSize } from "./records/record-size.ts";
export { decodeVectors, type EmbeddedBatch, encodeVectors, VectorsRecord } from "./records/vectors.ts";
export { firstConnection, openRedis, type Redis } from "./redis.ts";
export { groupByNode, isCluster, readValues } from "./redis-cluster.ts";
export { redisScript } from "./redis-script.ts";
export {
  askRegistry,
  isListOfSchemaTypes,
  type RegistryAddress,
  registryAddress,
  SCHEMA_TYPES_PATH,
  type SchemaRegistrySettings,
  schemaRegistrySettings,
} from "./schema-registry.ts";
export * from "./settings.ts";
export { type Operation, type Patience, persist, type Settled, settle } from "./settle.ts";
export { SpareMemory } from "./spare-memory.ts";
export {
  consumeUntilStopped,
  type MessageLog,
  openMessageLog,
  openTracking,
  type StageWork,
  type Tracking,
} from "./stage.ts";
export { tlsOptions } from "./tls.ts";
export { noTracing, TRACEPARENT, type TracedMessage, type Tracing } from "./tracing/tracing.ts";
export { createTracker, type Milestone, milestones, type Progress, type StageTracker } from "./tracking.ts";
export { vectorKeys } from "./vector-key.ts";
export { Work } from "./work.ts";
