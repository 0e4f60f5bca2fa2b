import type { Pool } from "@millrace/shared";

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

// One array a column: two to three times as fast as VALUES lists, and one prepared plan for any number of rows.
const insert = `
  INSERT INTO demo_log (kafka_topic, kafka_partition, kafka_offset, message_content, embedding_model,
    embedding_dimensions, opensearch_index, opensearch_doc_id, log_level, error_code, error_cause)
  SELECT * FROM unnest($1::text[], $2::integer[], $3::bigint[], $4::text[], $5::text[], $6::integer[], $7::text[],
    $8::text[], $9::text[], $10::text[], $11::text[])
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
 * Inserts the rows of messages that have none yet, in one statement.
 *
 * @param rows all of one level, each of another message
 */
export async function insertRows(pool: Pool, level: LogRow["level"], rows: readonly LogRow[]): Promise<void> {
  await pool.query({
    ...statements[level],
    values: [
      rows.map(({ topic }) => topic),
      rows.map(({ partition }) => partition),
      rows.map(({ offset }) => offset),
      rows.map(({ content }) => storable(content)),
      rows.map(({ model }) => model),
      rows.map(({ dimensions }) => dimensions),
      rows.map(({ index }) => index),
      rows.map(({ documentId }) => documentId),
      rows.map((row) => row.level),
      rows.map(({ errorCode }) => errorCode),
      rows.map(({ errorCause }) => storable(errorCause)),
    ],
  });
}

/** PostgreSQL's text has no NUL; it becomes the replacement character, in the audit row alone. */
function storable(text: string | null): string | null {
  return text === null || !text.includes("\0") ? text : text.replaceAll("\0", "\uFFFD");
}
