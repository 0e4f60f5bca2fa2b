import type { Pool } from "@millrace/shared";
import type { AuditLog, AuditRecord } from "../routes/message-status.ts";

interface Row extends Omit<AuditRecord, "timestamp"> {
  timestamp: Date;
}

const selectRecord = `
  SELECT timestamp, log_level, error_code, error_cause, opensearch_index, opensearch_doc_id, embedding_model
  FROM demo_log
  WHERE kafka_topic = $1 AND kafka_partition = $2 AND kafka_offset = $3`;

/** https://www.postgresql.org/docs/current/errcodes-appendix.html */
const UNDEFINED_TABLE = "42P01";

/** Reads the table that the sink writes. */
export function createAuditLog(pool: Pool): AuditLog {
  return {
    async find({ topic, partition, offset }) {
      try {
        const { rows } = await pool.query<Row>(selectRecord, [topic, partition, offset]);
        return rows[0] && { ...rows[0], timestamp: rows[0].timestamp.toISOString() };
      } catch (error) {
        // The sink creates the table: before it ever ran, no message was recorded.
        if ((error as { code?: string }).code === UNDEFINED_TABLE) return undefined;
        throw error;
      }
    },
  };
}
