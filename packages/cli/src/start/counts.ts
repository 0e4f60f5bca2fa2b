import type { OffsetRange } from "@millrace/kafka";
import type { Clients } from "../clients.ts";

/** What OpenSearch and PostgreSQL hold of the messages in some ranges. */
export interface Counts {
  /** Documents in the index. */
  indexed: number;
  /** Rows in demo_log. */
  recorded: number;
  /** Rows with the reason why a message was dead-lettered. */
  deadLettered: number;
  /** Those rows by reason. */
  reasons: Record<string, number>;
}

/** OpenSearch allows 1,024 clauses per query by default, and a range takes three. */
const QUERY_MAX_RANGES = 300;

const countRows = `
  SELECT error_code AS reason, count(*)::integer AS rows
  FROM demo_log
  JOIN unnest($2::integer[], $3::bigint[], $4::bigint[]) AS range (partition, first, next)
    ON kafka_topic = $1 AND kafka_partition = range.partition
      AND kafka_offset >= range.first AND kafka_offset < range.next
  GROUP BY error_code`;

export async function readCounts(services: Clients, ranges: readonly OffsetRange[]): Promise<Counts> {
  const [indexed, rows] = await Promise.all([countDocuments(services, ranges), readRows(services, ranges)]);
  const refused = rows.flatMap(({ reason, rows: count }) => (reason === null ? [] : [[reason, count] as const]));
  return {
    indexed,
    recorded: rows.reduce((sum, row) => sum + row.rows, 0),
    deadLettered: refused.reduce((sum, [, count]) => sum + count, 0),
    reasons: Object.fromEntries(refused),
  };
}

/** Makes every written document countable. */
export async function refresh({ openSearch, config }: Clients): Promise<void> {
  await openSearch.indices.refresh({ index: config.OPENSEARCH_INDEX, ignore_unavailable: true });
}

async function readRows({ postgres, topic }: Clients, ranges: readonly OffsetRange[]) {
  const { rows } = await postgres.query<{ reason: string | null; rows: number }>(countRows, [
    topic,
    ranges.map(({ partition }) => partition),
    ranges.map(({ from }) => from),
    ranges.map(({ to }) => to),
  ]);
  return rows;
}

async function countDocuments(services: Clients, ranges: readonly OffsetRange[]): Promise<number> {
  let documents = 0;
  for (let start = 0; start < ranges.length; start += QUERY_MAX_RANGES) {
    documents += await countSome(services, ranges.slice(start, start + QUERY_MAX_RANGES));
  }
  return documents;
}

async function countSome({ openSearch, config, topic }: Clients, ranges: readonly OffsetRange[]): Promise<number> {
  const within = ranges.map(({ partition, from, to }) => ({
    bool: { filter: [{ term: { partition } }, { range: { offset: { gte: from, lt: to } } }] },
  }));
  const { body } = await openSearch.count({
    index: config.OPENSEARCH_INDEX,
    // The sink creates the index with the first batch.
    ignore_unavailable: true,
    body: { query: { bool: { filter: [{ term: { topic } }, { bool: { should: within, minimum_should_match: 1 } }] } } },
  });
  return body.count;
}

/** Describes what does not add up; empty if each message has one row, and is either indexed or dead-lettered. */
export function disagreements(sent: number, published: number, counts: Counts): string[] {
  const { indexed, recorded, deadLettered } = counts;
  const all: [boolean, string][] = [
    [sent !== published, `${sent} messages were sent, but Kafka accepted ${published}`],
    [recorded !== published, `Kafka has ${published} messages, but demo_log has ${recorded} rows for them`],
    [
      indexed + deadLettered !== published,
      `the index has ${indexed} documents and demo_log ${deadLettered} dead letters, which do not add up to ${published}`,
    ],
  ];
  return all.flatMap(([differs, what]) => (differs ? [what] : []));
}
