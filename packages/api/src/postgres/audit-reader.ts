import type { Pool } from "@millrace/postgres";
import type { AuditReader, AuditRecord } from "../routes/message-status.ts";
import { ifTableExists } from "./undefined-table.ts";

interface DemoLogRow extends Omit<AuditRecord, "timestamp"> {
  timestamp: Date;
}

const selectRecord = `
  SELECT timestamp, log_level, error_code, error_cause, opensearch_index, opensearch_doc_id, embedding_model
  FROM demo_log
  WHERE kafka_topic = $1 AND kafka_partition = $2 AND kafka_offset = $3`;

/** Reads the table that the sink writes. */
export function createAuditReader(pool: Pool): AuditReader {
  return {
    async find({ topic, partition, offset }) {
      const found = await ifTableExists(() => pool.query<DemoLogRow>(selectRecord, [topic, partition, offset]));
      const row = found?.rows[0];
      return row && { ...row, timestamp: row.timestamp.toISOString() };
    },
  };
}
