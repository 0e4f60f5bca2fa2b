import type { Pool } from "@millrace/postgres";
import type { DeadLetterRows } from "../routes/dead-letters.ts";
import { ifTableExists } from "./undefined-table.ts";

/** Enough to recognise a message. */
const PREVIEW_CHARACTERS = 240;

interface DeadLetterRow {
  id: string;
  code: string | null;
  cause: string | null;
  recordedAt: Date;
  preview: string | null;
}

const selectLatest = `
  SELECT kafka_topic || '-' || kafka_partition || '-' || kafka_offset AS id, error_code AS code, error_cause AS cause,
    timestamp AS "recordedAt", left(message_content, ${PREVIEW_CHARACTERS}) AS preview
  FROM demo_log
  WHERE log_level = 'ERROR'
  ORDER BY demo_log.id DESC
  LIMIT $1`;

const countAll = "SELECT count(*)::integer AS total FROM demo_log WHERE log_level = 'ERROR'";

/** Reads the sink's ERROR rows. The sink turns a row into INFO once a replayed message is stored. */
export function createDeadLetterRows(pool: Pool): DeadLetterRows {
  return {
    async latest(limit) {
      const [counted, latest] = await Promise.all([
        ifTableExists(() => pool.query<{ total: number }>(countAll)),
        ifTableExists(() => pool.query<DeadLetterRow>(selectLatest, [limit])),
      ]);
      const deadLetters = (latest?.rows ?? []).map((row) => ({ ...row, recordedAt: row.recordedAt.toISOString() }));
      return { total: counted?.rows[0]?.total ?? 0, deadLetters };
    },
  };
}
