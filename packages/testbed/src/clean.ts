import type { Clients } from "@millrace/shared";

/** Deletes all that a pipeline has made under names of its own; only once its processes have ended. */
export async function clean({ kafka, openSearch, postgres, config }: Clients): Promise<void> {
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
