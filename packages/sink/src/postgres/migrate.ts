import { fileURLToPath } from "node:url";
import type { Pool } from "@millrace/shared";
import { runner } from "node-pg-migrate";

const silent = () => undefined;

/** Brings the database schema up to date; several processes may do so at once (an advisory lock orders them). */
export async function migrate(pool: Pool, schema: string): Promise<void> {
  const client = await pool.connect();
  try {
    await runner({
      dbClient: client,
      dir: fileURLToPath(new URL("migrations", import.meta.url)),
      direction: "up",
      schema,
      createSchema: schema !== "public",
      migrationsSchema: schema,
      migrationsTable: "millrace_migrations",
      advisoryLockMode: "wait",
      log: silent,
      logger: { debug: silent, info: silent, warn: silent, error: silent },
    });
  } finally {
    client.release();
  }
}
