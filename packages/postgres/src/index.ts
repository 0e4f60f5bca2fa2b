export { exposePool } from "./expose-pool.ts";
export { openPostgres, type Pool, type PoolClient } from "./pool.ts";
export { type PostgresSettings, postgresSettings } from "./settings.ts";
