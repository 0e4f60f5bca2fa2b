import { readdir } from "node:fs/promises";
import { basename, extname } from "node:path";
import { fileURLToPath } from "node:url";
import type { Pool } from "@millrace/postgres";
import { escapeIdentifier, type PoolClient } from "pg";

const directory = fileURLToPath(new URL("migrations", import.meta.url));
const MIGRATIONS_TABLE = "millrace_migrations";

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
    if (await isUpToDate(client, schema)) return;
    // What runs migrations takes 23 MB, and most starts have none to run.
    const { runner } = await import("node-pg-migrate");
    await runner({
      dbClient: client,
      dir: directory,
      direction: "up",
      schema,
      createSchema: schema !== "public",
      migrationsSchema: schema,
      migrationsTable: MIGRATIONS_TABLE,
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

async function isUpToDate(client: PoolClient, schema: string): Promise<boolean> {
  const table = `${escapeIdentifier(schema)}.${MIGRATIONS_TABLE}`;
  const { rows: found } = await client.query<{ found: boolean }>("SELECT to_regclass($1) IS NOT NULL AS found", [
    table,
  ]);
  if (!found[0]?.found) return false;
  const { rows } = await client.query<{ name: string }>(`SELECT name FROM ${table}`);
  const done = new Set(rows.map(({ name }) => name));
  const files = await readdir(directory);
  return files.every((file) => done.has(basename(file, extname(file))));
}
