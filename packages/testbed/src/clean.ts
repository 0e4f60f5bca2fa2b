import type { Kafka } from "kafkajs";

/** Clients of the three stores, and the pipeline's names in them. */
interface CleanedPipeline {
  kafka: Kafka;
  openSearch: { indices: { delete(request: { index: string; ignore_unavailable: boolean }): PromiseLike<unknown> } };
  postgres: { query(statement: string): Promise<unknown> };
  config: {
    KAFKA_TOPICS: readonly string[];
    BATCHES_TOPIC: string;
    VECTORS_TOPIC: string;
    DEAD_LETTERS_TOPIC: string;
    REPLAY_TOPIC: string;
    OPENSEARCH_INDEX: string;
    POSTGRES_SCHEMA: string;
  };
}

/** Deletes everything that a pipeline created under its names; call it only after its processes have stopped. */
export async function clean({ kafka, openSearch, postgres, config }: CleanedPipeline): Promise<void> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    const { KAFKA_TOPICS, BATCHES_TOPIC, VECTORS_TOPIC, DEAD_LETTERS_TOPIC, REPLAY_TOPIC } = config;
    const own = new Set([...KAFKA_TOPICS, BATCHES_TOPIC, VECTORS_TOPIC, DEAD_LETTERS_TOPIC, REPLAY_TOPIC]);
    await admin.deleteTopics({ topics: (await admin.listTopics()).filter((topic) => own.has(topic)) });
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
  await openSearch.indices.delete({ index: config.OPENSEARCH_INDEX, ignore_unavailable: true });
  const schema = config.POSTGRES_SCHEMA;
  if (schema !== "public") await postgres.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
}
