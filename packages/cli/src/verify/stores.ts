import type { OpenSearchClient, Pool } from "@millrace/shared";

const PAGE = 10_000;

/** The audit rows of a partition from an offset on, ascending, a page at a time. */
export async function* rowPages(pool: Pool, topic: string, partition: number, from: number) {
  let next = from;
  for (;;) {
    const { rows } = await pool.query<{ kafka_offset: string; log_level: "INFO" | "ERROR" }>({
      name: "verify-rows",
      text: `SELECT kafka_offset, log_level FROM demo_log
             WHERE kafka_topic = $1 AND kafka_partition = $2 AND kafka_offset >= $3 ORDER BY kafka_offset LIMIT ${PAGE}`,
      values: [topic, partition, next],
    });
    yield rows.map(({ kafka_offset, log_level }) => ({ offset: Number(kafka_offset), level: log_level }));
    const last = rows.at(-1);
    if (rows.length < PAGE || !last) return;
    next = Number(last.kafka_offset) + 1;
  }
}

/** With documents by key: the offsets whose message is its key's latest and no tombstone. */
export async function latestOffsets(pool: Pool, topic: string, partition: number): Promise<number[]> {
  const { rows } = await pool.query<{ kafka_offset: string }>(
    `SELECT kafka_offset FROM (
       SELECT DISTINCT ON (opensearch_doc_id) kafka_offset, message_content FROM demo_log
       WHERE kafka_topic = $1 AND kafka_partition = $2 AND log_level = 'INFO'
       ORDER BY opensearch_doc_id, kafka_offset DESC) latest
     WHERE message_content IS NOT NULL`,
    [topic, partition],
  );
  return rows.map(({ kafka_offset }) => Number(kafka_offset));
}

/** The offsets of a partition's documents that can be found, from an offset on, ascending; one twice where two documents have it. */
export async function* documentPages(
  client: OpenSearchClient,
  index: string,
  topic: string,
  partition: number,
  from: number,
) {
  // Ties are told apart by Lucene's document number, so that a page's end cuts none off.
  let after: number[] | undefined;
  for (;;) {
    const { body } = await client.search({
      index,
      body: {
        size: PAGE,
        _source: false,
        stored_fields: "_none_",
        track_total_hits: false,
        query: {
          bool: { filter: [{ term: { topic } }, { term: { partition } }, { range: { offset: { gte: from } } }] },
        },
        sort: [{ offset: "asc" }, { _doc: "asc" }],
        ...(after && { search_after: after }),
      } as never,
    });
    const hits = body.hits.hits as unknown as { sort: number[] }[];
    yield hits.map(({ sort }) => sort[0] ?? 0);
    after = hits.at(-1)?.sort;
    if (hits.length < PAGE || !after) return;
  }
}
