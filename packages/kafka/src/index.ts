// The client, and how it reaches the brokers.

export { createKafka, type Kafka } from "./client.ts";
export { protocolError } from "./protocol-error.ts";
export { kafkaSecurity } from "./security.ts";
export {
  type ConsumerSettings,
  consumerSettings,
  type KafkaSettings,
  kafkaSettings,
  type TopicSettings,
  topicSettings,
} from "./settings.ts";

// Consume, as a member of a group.

export type { Attempts, RecordIdentity } from "./attempts.ts";
export { type Consumption, consume } from "./consume.ts";
export type { Received } from "./received.ts";

// Produce.

export { type Delivery, type OrderedProducer, openOrderedProducer } from "./ordered-producer.ts";
export { connectProducer, type RecordProducer, type Sent } from "./produce.ts";
export type { OutgoingRecord, Placement } from "./write.ts";

// Read at any offset, without a group.

export { readRanges } from "./read.ts";
export { type DeadLetterSelection, readDeadLetters, SelectionTooLarge } from "./read-dead-letters.ts";
export { type OffsetRange, ReadFailed, type ReadRecord } from "./read-record.ts";
export { createTopicReader, isOutOfRange, type TopicReader } from "./topic-reader.ts";

// Administer.

export { KafkaAdmin } from "./admin.ts";
export { openKafkaRequests } from "./requests.ts";
export { createTopics, ensurePipelineTopics, ensureTopics, type TopicRefusal, tryEnsureTopics } from "./topics.ts";
