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

export interface AuditRow {
  id: string;
  level: "INFO" | "ERROR";
  reason: string | null;
}

const selectRows = `
  SELECT kafka_topic || '-' || kafka_partition || '-' || kafka_offset AS id, log_level AS level, error_code AS reason
  FROM demo_log`;

const documentsSchema = z.array(
  z.object({
    _id: z.string(),
    _source: z.object({ vector: z.array(z.number()).optional() }),
    sort: z.array(z.number()),
  }),
);
const PAGE = 1_000;

export type ReadBack = ReturnType<typeof openReadBack>;

/** Reads what a pipeline's namespace holds, straight from the services. */
export function openReadBack(environment: Readonly<Record<string, string>>) {
  const settings = readConfiguration(settingsSchema, environment);
  const { OPENSEARCH_INDEX: index, POSTGRES_SCHEMA: schema } = settings;
  const log = new Log("e2e", { destination: { write: () => undefined } });
  const backoff = { initialMs: 100, maxMs: 1_000 };
  const patience: Patience = { log, health: new Health(), backoff, hardStop: new AbortController().signal };
  const openSearch = openOpenSearch(settings, patience);
  const postgres = openPostgres(settings, patience);
  const kafka = createKafka(settings, "millrace-e2e", log);

  return {
    kafka,
    postgres,
    openSearch,
    index,
    patience,
    /** The variables by which a command finds the same. */
    environment,
    topic: settings.KAFKA_TOPICS[0] ?? "",
    async countRows(): Promise<number> {
      const { rows } = await postgres.query<{ count: number }>("SELECT count(*)::integer AS count FROM demo_log");
      return rows[0]?.count ?? 0;
    },
    async readRows(): Promise<AuditRow[]> {
      return (await postgres.query<AuditRow>(selectRows)).rows;
    },
    /** All documents of the index, refreshed first, with their vectors where asked for. */
    async *readDocuments(fields: readonly "vector"[] = []): AsyncGenerator<{ id: string; vector: number[] }> {
      await openSearch.indices.refresh({ index });
      let after: number[] | undefined;
      do {
        const sort = [{ partition: "asc" }, { offset: "asc" }];
        const body = { size: PAGE, _source: fields, sort, ...(after && { search_after: after }) };
        // The client's types know one of the forms of `_source` and `sort` only.
        const answer = await openSearch.search({ index, body: body as Record<string, unknown> });
        const hits = documentsSchema.parse(answer.body.hits.hits);
        for (const { _id, _source } of hits) yield { id: _id, vector: _source.vector ?? [] };
        after = hits.at(-1)?.sort;
      } while (after);
    },
    /** Deletes all that the pipeline has made; only once that has ended. */
    async clean(): Promise<void> {
      const admin = kafka.admin();
      await admin.connect();
      try {
        const existing = new Set(await admin.listTopics());
        const { KAFKA_TOPICS, BATCHES_TOPIC, VECTORS_TOPIC, DEAD_LETTERS_TOPIC, REPLAY_TOPIC } = settings;
        const own = [...KAFKA_TOPICS, BATCHES_TOPIC, VECTORS_TOPIC, DEAD_LETTERS_TOPIC, REPLAY_TOPIC];
        await admin.deleteTopics({ topics: own.filter((topic) => existing.has(topic)) });
      } finally {
        await admin.disconnect();
      }
      await openSearch.indices.delete({ index, ignore_unavailable: true });
      if (schema !== "public") await postgres.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
    },
    async [Symbol.asyncDispose](): Promise<void> {
      await Promise.all([postgres.end(), openSearch.close()]);
    },
  };
}
