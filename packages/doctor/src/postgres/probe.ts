import type { DatabaseSession } from "../stores.ts";

const insert = `INSERT INTO demo_log (kafka_topic, kafka_partition, kafka_offset, log_level)
  VALUES ('millrace doctor', -1, -1, 'INFO') ON CONFLICT (kafka_topic, kafka_partition, kafka_offset)
  DO UPDATE SET log_level = excluded.log_level RETURNING kafka_topic`;

/**
 * If demo_log does not exist yet, a table of another name stands in for it, and a schema of another name for a missing
 * schema: a process that creates them at this moment must not collide with the check.
 */
export async function writeAndRead(client: DatabaseSession, schema: string): Promise<string> {
  const { rows } = await client.query(
    "SELECT to_regclass('demo_log') IS NOT NULL AS has_table, to_regnamespace($1) IS NOT NULL AS has_schema",
    [schema],
  );
  await client.query("BEGIN");
  try {
    if (rows[0]?.has_table) return `${(await client.query(insert)).rowCount} row written, read and rolled back`;
    const standIn = rows[0]?.has_schema ? schema : "millrace_doctor";
    if (!rows[0]?.has_schema) await client.query(`CREATE SCHEMA ${standIn}`);
    await client.query(`CREATE TABLE ${standIn}.millrace_doctor (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY)`);
    return "a table created and rolled back";
  } finally {
    await client.query("ROLLBACK");
  }
}

export async function readOnly(client: DatabaseSession): Promise<string> {
  const { rowCount } = await client.query("SELECT log_level FROM demo_log LIMIT 1");
  return `${rowCount ?? 0} row read`;
}
