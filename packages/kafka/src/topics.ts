import { type Patience, retryable, retryUntilDone } from "@millrace/shared";
import kafkajs, { type Admin, type Kafka } from "kafkajs";
import { protocolError } from "./protocol-error.ts";
import type { TopicSettings } from "./settings.ts";

// kafkajs is CommonJS: its values come through the default export.
const { KafkaJSAggregateError } = kafkajs;

export interface TopicSpecification {
  topic: string;
  partitions: number;
  /** Kafka's `max.message.bytes`; absent: the broker's default (1 MiB). */
  maxMessageBytes?: number;
}

/** Creates the missing topics and leaves the others as they are. Waits for the brokers. */
export async function ensureTopics(
  kafka: Kafka,
  specifications: readonly TopicSpecification[],
  replicationFactor: number,
  patience: Patience,
): Promise<void> {
  await retryUntilDone(
    { dependency: "kafka.topics", action: "kafka.topics" },
    async () => {
      try {
        const refusal = await tryEnsureTopics(kafka, specifications, replicationFactor);
        return refusal ? { fault: retryable("misconfigured", refusal.cause) } : { value: undefined };
      } catch (error) {
        return { fault: retryable("unavailable", error) };
      }
    },
    patience,
  );
}

/** A single attempt, for callers with nothing pending. Rejects if a later attempt may succeed. */
export async function tryEnsureTopics(
  kafka: Kafka,
  specifications: readonly TopicSpecification[],
  replicationFactor: number,
): Promise<TopicRefusal | undefined> {
  const admin = kafka.admin();
  try {
    await admin.connect();
    const existing = new Set(await admin.listTopics());
    const missing = specifications.filter(({ topic }) => !existing.has(topic));
    return await createTopics(admin, missing, replicationFactor);
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
}

/** Why Kafka refuses to create a topic, whatever the number of attempts. */
export interface TopicRefusal {
  topic: string;
  /** Kafka's name of the error. */
  error: keyof typeof remedies;
  /** Includes the remedy. */
  cause: string;
}

const notAllowed =
  "grant Create on it (on MSK kafka-cluster:CreateTopic), or create it and set KAFKA_CREATE_TOPICS=false" as const;
const remedies = {
  INVALID_TOPIC_EXCEPTION:
    "a name has at most 249 letters, digits, '.', '_' and '-', and differs from every other topic's in more than '.' and '_'",
  INVALID_REPLICATION_FACTOR: "set KAFKA_REPLICATION_FACTOR to no more than there are brokers",
  POLICY_VIOLATION: "create it as the cluster's policy requires",
  TOPIC_AUTHORIZATION_FAILED: notAllowed,
  CLUSTER_AUTHORIZATION_FAILED: notAllowed,
} as const;

/**
 * Creates topics in a single attempt, and leaves one that another process created meanwhile as it is. Rejects if a later
 * attempt may succeed.
 */
export async function createTopics(
  admin: Admin,
  missing: readonly TopicSpecification[],
  replicationFactor: number,
): Promise<TopicRefusal | undefined> {
  if (missing.length === 0) return undefined;
  try {
    // Returns `false` if they exist already: another process was faster.
    await admin.createTopics({
      waitForLeaders: true,
      topics: missing.map(({ topic, partitions, maxMessageBytes }) => ({
        topic,
        numPartitions: partitions,
        replicationFactor,
        configEntries: maxMessageBytes ? [{ name: "max.message.bytes", value: String(maxMessageBytes) }] : [],
      })),
    });
    return undefined;
  } catch (error) {
    // One error for each topic; the message of the whole says nothing.
    const errors = error instanceof KafkaJSAggregateError ? error.errors : [error];
    for (const each of errors) {
      const name = protocolError(each);
      if (name === undefined || !isRefusal(name)) continue;
      const { topic = "" } = each as { topic?: string };
      return { topic, error: name, cause: `Kafka does not create the topic ${topic} (${name}): ${remedies[name]}` };
    }
    throw errors.find((each) => protocolError(each) !== "TOPIC_ALREADY_EXISTS");
  }
}

function isRefusal(error: string): error is keyof typeof remedies {
  return error in remedies;
}

/** Creates the topics between the stages and the source topics, as configured. */
export async function ensurePipelineTopics(kafka: Kafka, settings: TopicSettings, patience: Patience): Promise<void> {
  if (!settings.KAFKA_CREATE_TOPICS) return;
  const partitions = settings.KAFKA_TOPIC_PARTITIONS;
  // The stages don't count a record's envelope and Kafka's own fields.
  const maxMessageBytes = settings.KAFKA_RECORD_MAX_BYTES + 65_536;
  const internal = [settings.BATCHES_TOPIC, settings.VECTORS_TOPIC, settings.DEAD_LETTERS_TOPIC, settings.REPLAY_TOPIC];
  await ensureTopics(
    kafka,
    [
      ...settings.KAFKA_TOPICS.map((topic) => ({ topic, partitions })),
      ...internal.map((topic) => ({ topic, partitions, maxMessageBytes })),
    ],
    settings.KAFKA_REPLICATION_FACTOR,
    patience,
  );
}
