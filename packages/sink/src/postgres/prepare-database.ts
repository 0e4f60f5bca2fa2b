import type { Pool } from "@millrace/postgres";
import { type Patience, retryable, retryUntilDone } from "@millrace/shared";
import type { SinkConfig } from "../config.ts";
import { migrate } from "./migrate.ts";

/** Brings the database up to date. Waits for PostgreSQL. */
export function prepareDatabase(postgres: Pool, config: SinkConfig, patience: Patience): Promise<void> {
  return retryUntilDone(
    { dependency: "postgres", action: "sink.migrate" },
    async () => {
      try {
        await migrate(postgres, config.POSTGRES_SCHEMA);
        return { value: undefined };
      } catch (error) {
        return { fault: retryable("unavailable", error) };
      }
    },
    patience,
  );
}
