export { KafkaAdmin } from "./admin.ts";
export type { Attempts, RecordIdentity } from "./attempts.ts";
export { createKafka, type Kafka } from "./client.ts";
export { type Consumption, consume } from "./consume.ts";
export { OffsetLedger } from "./offset-ledger.ts";
export { type Delivery, type OrderedProducer, openOrderedProducer } from "./ordered-producer.ts";
export { connectProducer, type OutgoingRecord, type Placement, type RecordProducer } from "./produce.ts";
export { protocolError } from "./protocol-error.ts";
export { readRanges } from "./read.ts";
export { type DeadLetterSelection, readDeadLetters, SelectionTooLarge } from "./read-dead-letters.ts";
export { type OffsetRange, ReadFailed, type ReadRecord } from "./read-record.ts";
export { headersOf, type Received } from "./received.ts";
export { openKafkaRequests } from "./requests.ts";
export { kafkaSecurity } from "./security.ts";
export {
  type ConsumerSettings,
  consumerSettings,
  type KafkaSettings,
  kafkaSettings,
  type TopicSettings,
  topicSettings,
} from "./settings.ts";
export { createTopicReader, isOutOfRange, type TopicReader } from "./topic-reader.ts";
export {
  createTopics,
  ensurePipelineTopics,
  ensureTopics,
  type TopicRefusal,
  type TopicSpecification,
  tryEnsureTopics,
} from "./topics.ts";
