import {
  createKafka,
  Health,
  kafkaSettings,
  Log,
  openOpenSearch,
  openPostgres,
  openSearchSettings,
  type Patience,
  postgresSettings,
  readConfiguration,
  topicSettings,
} from "@millrace/shared";
import { z } from "zod";

const settingsSchema = z.object({ ...kafkaSettings, ...topicSettings, ...openSearchSettings, ...postgresSettings });

export type Services = ReturnType<typeof openServices>;

/** Direct ways to the services, past the proxies and the pipeline's processes. */
export function openServices(environment: Readonly<Record<string, string>>) {
  const settings = readConfiguration(settingsSchema, environment);
  const log = new Log("faults", { destination: { write: () => undefined } });
  const backoff = { initialMs: 100, maxMs: 1_000 };
  const patience: Patience = { log, health: new Health(), backoff, hardStop: new AbortController().signal };
  const openSearch = openOpenSearch(settings, patience);
  const postgres = openPostgres(settings, patience);
  const kafka = createKafka(settings, "millrace-faults", log);
  return {
    settings,
    topic: settings.KAFKA_TOPICS[0] ?? "",
    groups: ["ingest", "embed", "sink"].map((stage) => `${settings.KAFKA_GROUP_PREFIX}-${stage}`),
    kafka,
    openSearch,
    postgres,
    patience,
    async [Symbol.asyncDispose](): Promise<void> {
      await Promise.all([postgres.end(), openSearch.close()]);
    },
  };
}

export async function withAdmin<Result>(
  { kafka }: Services,
  act: (admin: ReturnType<Services["kafka"]["admin"]>) => Promise<Result>,
): Promise<Result> {
  const admin = kafka.admin();
  try {
    await admin.connect();
    return await act(admin);
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
}

/** Deletes all that a run has made; only once its processes have ended. */
export async function clean(services: Services): Promise<void> {
  const { settings, openSearch, postgres } = services;
  const {
    KAFKA_TOPICS,
    BATCHES_TOPIC,
    VECTORS_TOPIC,
    DEAD_LETTERS_TOPIC,
    REPLAY_TOPIC,
    OPENSEARCH_INDEX,
    POSTGRES_SCHEMA,
  } = settings;
  await withAdmin(services, async (admin) => {
    const own = new Set([...KAFKA_TOPICS, BATCHES_TOPIC, VECTORS_TOPIC, DEAD_LETTERS_TOPIC, REPLAY_TOPIC]);
    await admin.deleteTopics({ topics: (await admin.listTopics()).filter((topic) => own.has(topic)) });
  });
  await openSearch.indices.delete({ index: OPENSEARCH_INDEX, ignore_unavailable: true });
  await postgres.query(`DROP SCHEMA IF EXISTS ${POSTGRES_SCHEMA} CASCADE`);
}
