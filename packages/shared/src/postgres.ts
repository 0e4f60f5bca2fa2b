import { Pool } from "pg";
import type { PostgresSettings } from "./settings.ts";
import type { Patience } from "./settle.ts";

export type { Pool } from "pg";

/** A pool whose tables are looked up in `POSTGRES_SCHEMA`. It connects with the first query. */
export function openPostgres(settings: PostgresSettings, { health }: Patience): Pool {
  health.starting("postgres");
  const pool = new Pool({
    host: settings.POSTGRES_HOST,
    port: settings.POSTGRES_PORT,
    database: settings.POSTGRES_DATABASE,
    user: settings.POSTGRES_USER,
    ...(settings.POSTGRES_PASSWORD && { password: settings.POSTGRES_PASSWORD }),
    max: settings.POSTGRES_POOL_MAX,
    connectionTimeoutMillis: settings.POSTGRES_TIMEOUT_MS,
    statement_timeout: settings.POSTGRES_TIMEOUT_MS,
    query_timeout: settings.POSTGRES_TIMEOUT_MS,
    keepAlive: true,
    application_name: "millrace",
    options: `-c search_path=${settings.POSTGRES_SCHEMA}`,
  });
  // An idle connection that breaks is replaced by the pool; without a listener it would end the process.
  pool.on("error", () => undefined);
  return pool;
}
