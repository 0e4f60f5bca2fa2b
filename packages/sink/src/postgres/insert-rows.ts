import type { Pool } from "@millrace/postgres";

/** One row of demo_log but for its id and time. */
export interface LogRow {
  topic: string;
  partition: number;
  offset: number;
  content: string | null;
  model: string | null;
  dimensions: number | null;
  index: string | null;
  documentId: string | null;
  level: "INFO" | "ERROR";
  errorCode: string | null;
  errorCause: string | null;
}

// One JSON text: a third of the client's work that arrays for unnest are, whose elements pg escapes one by one, and one
// prepared plan for any number of rows.
const insert = `
  INSERT INTO demo_log (kafka_topic, kafka_partition, kafka_offset, message_content, embedding_model,
    embedding_dimensions, opensearch_index, opensearch_doc_id, log_level, error_code, error_cause)
  SELECT * FROM json_to_recordset($1) AS log_row (topic text, partition integer, "offset" bigint, content text,
    model text, dimensions integer, index text, "documentId" text, level text, "errorCode" text, "errorCause" text)
  ON CONFLICT (kafka_topic, kafka_partition, kafka_offset)`;

/** A message that was given up once and is stored now, because it was replayed, is no error any more. */
const statements = {
  INFO: {
    name: "record-indexed",
    text: `${insert} DO UPDATE SET timestamp = now(), message_content = excluded.message_content,
      embedding_model = excluded.embedding_model, embedding_dimensions = excluded.embedding_dimensions,
      opensearch_index = excluded.opensearch_index, opensearch_doc_id = excluded.opensearch_doc_id,
      log_level = excluded.log_level, error_code = NULL, error_cause = NULL
      WHERE demo_log.log_level = 'ERROR'`,
  },
  ERROR: { name: "record-refused", text: `${insert} DO NOTHING` },
} as const;

/**
 * Inserts the rows of messages that have none yet, in one statement, in the order of their positions: two processes that
 * insert the same rows in different orders would each wait for a row of the other, a deadlock.
 *
 * @param rows all of one level, each of another message
 */
export async function insertRows(pool: Pool, level: LogRow["level"], rows: readonly LogRow[]): Promise<void> {
  const values = rows.toSorted(byPosition).map((row) => ({
    ...row,
    content: storable(row.content),
    errorCause: storable(row.errorCause),
  }));
  await pool.query({ ...statements[level], values: [JSON.stringify(values)] });
}

function byPosition(left: LogRow, right: LogRow): number {
  if (left.topic !== right.topic) return left.topic < right.topic ? -1 : 1;
  return left.partition - right.partition || left.offset - right.offset;
}

/** NUL and half a character, which its text cannot have, become the replacement character: in the row alone. */
function storable(text: string | null): string | null {
  return text === null ? null : text.replaceAll("\0", "\uFFFD").toWellFormed();
}
