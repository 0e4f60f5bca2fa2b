import type { Kafka } from "kafkajs";
import { retryable } from "../fault.ts";
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
