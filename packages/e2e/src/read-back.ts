import { openClients } from "@millrace/cli";
import { clean } from "@millrace/testbed";
import { z } from "zod";

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

/** Reads the contents of a pipeline's namespace directly from the services. */
export function openReadBack(environment: Readonly<Record<string, string>>) {
  const clients = openClients(environment, "e2e");
  const { postgres, openSearch } = clients;
  const index = clients.config.OPENSEARCH_INDEX;

  return {
    ...clients,
    index,
    /** The variables with which a command finds the same. */
    environment,
    async countRows(): Promise<number> {
      const { rows } = await postgres.query<{ count: number }>("SELECT count(*)::integer AS count FROM demo_log");
      return rows[0]?.count ?? 0;
    },
    async readRows(): Promise<AuditRow[]> {
      return (await postgres.query<AuditRow>(selectRows)).rows;
    },
    /** All documents of the index, after a refresh; with their vectors on request. */
    async *readDocuments(fields: readonly "vector"[] = []): AsyncGenerator<{ id: string; vector: number[] }> {
      await openSearch.indices.refresh({ index });
      let after: number[] | undefined;
      do {
        const sort = [{ partition: "asc" }, { offset: "asc" }];
        const body = { size: PAGE, _source: fields, sort, ...(after && { search_after: after }) };
        // The client's types have only one form each of `_source` and `sort`.
        const answer = await openSearch.search({ index, body: body as Record<string, unknown> });
        const hits = documentsSchema.parse(answer.body.hits.hits);
        for (const { _id, _source } of hits) yield { id: _id, vector: _source.vector ?? [] };
        after = hits.at(-1)?.sort;
      } while (after);
    },
    clean: () => clean(clients),
  };
}
