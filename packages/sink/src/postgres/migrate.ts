import { fileURLToPath } from "node:url";
import type { Pool } from "@millrace/shared";
import { runner } from "node-pg-migrate";

const silent = () => undefined;
/** The query that was under way rejects with the same error. */
const ignore = () => undefined;

/** Brings the database schema up to date; several processes may do so at once (an advisory lock orders them). */
export async function migrate(pool: Pool, schema: string): Promise<void> {
  const client = await pool.connect();
  // The pool listens to idle clients only; a connection that breaks now would end the process without this.
  client.on("error", ignore);
  let broken: Error | undefined;
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
  } catch (error) {
    broken = error instanceof Error ? error : new Error(String(error));
    throw error;
  } finally {
    client.off("error", ignore);
    // A client that failed is not given to anybody else.
    client.release(broken);
  }
}
