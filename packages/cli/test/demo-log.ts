import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { Clients } from "../src/clients.ts";

/** Creates demo_log in its own schema, as the sink would. */
export async function migrate({ postgres, config }: Clients): Promise<void> {
  const file = resolve(import.meta.dirname, "../../sink/src/postgres/migrations/1_demo_log.sql");
  const [, up = ""] = /-- Up Migration(.*)-- Down Migration/s.exec(await readFile(file, "utf8")) ?? [];
  await postgres.query(`CREATE SCHEMA ${config.POSTGRES_SCHEMA}`);
  await postgres.query(up);
}
