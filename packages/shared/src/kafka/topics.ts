import type { Kafka } from "kafkajs";
import { retryable } from "../fault.ts";
import type { TopicSettings } from "../settings.ts";
import { type Patience, persist } from "../settle.ts";

export interface TopicSpecification {
  topic: string;
  partitions: number;
  /** Kafka's `max.message.bytes`; the broker's default (1 MiB) where absent. */
  maxMessageBytes?: number;
}

/** Creates the topics that do not exist yet and leaves the others as they are. Waits for the brokers. */
export async function ensureTopics(
  kafka: Kafka,
  specifications: readonly TopicSpecification[],
  replicationFactor: number,
  patience: Patience,
): Promise<void> {
  await persist(
    { dependency: "kafka.topics", action: "kafka.topics" },
    async () => {
      const admin = kafka.admin();
      try {
        await admin.connect();
        const existing = new Set(await admin.listTopics());
        const missing = specifications.filter(({ topic }) => !existing.has(topic));
        if (missing.length > 0) await createTopics(admin, missing, replicationFactor);
        return { value: undefined };
      } catch (error) {
        return { fault: retryable("unavailable", error) };
      } finally {
        await admin.disconnect().catch(() => undefined);
      }
    },
    patience,
  );
}

async function createTopics(
  admin: ReturnType<Kafka["admin"]>,
  missing: readonly TopicSpecification[],
  replicationFactor: number,
): Promise<void> {
  // `false` where they exist already: another process was faster.
  await admin.createTopics({
    waitForLeaders: true,
    topics: missing.map(({ topic, partitions, maxMessageBytes }) => ({
      topic,
      numPartitions: partitions,
      replicationFactor,
      configEntries: maxMessageBytes ? [{ name: "max.message.bytes", value: String(maxMessageBytes) }] : [],
    })),
  });
}

/** The topics that the stages meet in, and the source topics, as the configuration names them. */
export async function ensurePipelineTopics(kafka: Kafka, settings: TopicSettings, patience: Patience): Promise<void> {
  if (!settings.KAFKA_CREATE_TOPICS) return;
  const partitions = settings.KAFKA_TOPIC_PARTITIONS;
  // A record's envelope and Kafka's own fields come on top of what the stages count.
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
