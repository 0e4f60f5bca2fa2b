import type { OffsetRange } from "@millrace/kafka";
import type { OpenSearchClient } from "@millrace/opensearch";
import type { Pool } from "@millrace/postgres";
import { ask } from "../services.ts";

const PAGE = 10_000;

/** The audit rows of a range of offsets in ascending order, a page at a time. */
export async function* rowPages(pool: Pool, topic: string, { partition, from, to }: OffsetRange) {
  let next = from;
  for (;;) {
    const page = pool.query<{ kafka_offset: string; log_level: "INFO" | "ERROR" }>({
      name: "verify-rows",
      text: `SELECT kafka_offset, log_level FROM demo_log
             WHERE kafka_topic = $1 AND kafka_partition = $2 AND kafka_offset >= $3 AND kafka_offset < $4
             ORDER BY kafka_offset LIMIT ${PAGE}`,
      values: [topic, partition, next, to],
    });
    const { rows } = await ask("postgres", page);
    yield rows.map(({ kafka_offset, log_level }) => ({ offset: Number(kafka_offset), level: log_level }));
    const last = rows.at(-1);
    if (rows.length < PAGE || !last) return;
    next = Number(last.kafka_offset) + 1;
  }
}

/**
 * With documents by key: the offsets of messages that are their key's latest and no tombstone, with their documents'
 * ids.
 */
export async function latestOffsets(pool: Pool, topic: string, partition: number): Promise<Map<number, string>> {
  const latest = pool.query<{ kafka_offset: string; opensearch_doc_id: string }>(
    `SELECT kafka_offset, opensearch_doc_id FROM (
       SELECT DISTINCT ON (opensearch_doc_id) kafka_offset, opensearch_doc_id, message_content FROM demo_log
       WHERE kafka_topic = $1 AND kafka_partition = $2 AND log_level = 'INFO'
       ORDER BY opensearch_doc_id, kafka_offset DESC) latest
     WHERE message_content IS NOT NULL`,
    [topic, partition],
  );
  const { rows } = await ask("postgres", latest);
  return new Map(rows.map(({ kafka_offset, opensearch_doc_id }) => [Number(kafka_offset), opensearch_doc_id]));
}

/**
 * The offsets of the searchable documents of a range in ascending order; an offset appears twice if two documents have
 * it. A page starts at the last offset of the page before it, since the order of documents with one offset changes
 * while the index is written.
 */
export async function* documentPages(
  client: OpenSearchClient,
  index: string,
  topic: string,
  { partition, from, to }: OffsetRange,
) {
  let next = from;
  /** Documents with that offset on the previous page. */
  let known = 0;
  for (;;) {
    const filter = [{ term: { topic } }, { term: { partition } }, { range: { offset: { gte: next, lt: to } } }];
    const page = client.search({
      index,
      body: {
        size: PAGE,
        _source: false,
        stored_fields: "_none_",
        track_total_hits: false,
        query: { bool: { filter } },
        sort: [{ offset: "asc" }],
      } as never,
    });
    const { body } = await ask("opensearch", page);
    const hits = body.hits.hits as unknown as { sort: number[] }[];
    const offsets = hits.map(({ sort }) => sort[0] ?? 0);
    yield offsets.filter((offset, place) => offset > next || place >= known);
    const last = offsets.at(-1);
    if (offsets.length < PAGE || last === undefined) return;
    const first = offsets.indexOf(last);
    // A page with a single offset already shows everything about it.
    next = first === 0 ? last + 1 : last;
    known = first === 0 ? 0 : offsets.length - first;
  }
}

/** Given documents that should exist, by offset: those that a later message's document has replaced. */
export async function replacedOffsets(
  client: OpenSearchClient,
  index: string,
  documents: ReadonlyMap<number, string>,
): Promise<Set<number>> {
  const offsets = new Map([...documents].map(([offset, id]) => [id, offset]));
  const ids = [...offsets.keys()];
  const replaced = new Set<number>();
  for (let at = 0; at < ids.length; at += PAGE) {
    const values = ids.slice(at, at + PAGE);
    const page = client.search({
      index,
      body: { size: PAGE, _source: false, query: { ids: { values } }, sort: [{ offset: "asc" }] } as never,
    });
    const { body } = await ask("opensearch", page);
    for (const { _id, sort } of body.hits.hits as unknown as { _id: string; sort: number[] }[]) {
      const offset = offsets.get(_id);
      if (offset !== undefined && (sort[0] ?? 0) > offset) replaced.add(offset);
    }
  }
  return replaced;
}
