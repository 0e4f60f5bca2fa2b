import { existsSync } from "node:fs";
import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { rootPostgresDataDirectory } from "../directories.ts";
import { findProcess } from "../process-table.ts";

/** Contains the path of the stack to which the data belong. */
export const ORIGIN_FILE = "origin";

/**
 * As root, PostgreSQL's data are outside the stack's directory, and remain when someone deletes a checkout instead of
 * resetting its stacks. Data whose stack is gone are of no use.
 */
export async function removeOrphanedData(root = rootPostgresDataDirectory): Promise<void> {
  for (const entry of await readdir(root)) {
    const home = join(root, entry);
    if (await isOrphaned(home)) await rm(home, { recursive: true, force: true });
  }
}

async function isOrphaned(home: string): Promise<boolean> {
  const origin = await readFile(join(home, ORIGIN_FILE), "utf8").catch(() => undefined);
  // Without the file, another start may be creating the directory just now.
  if (origin === undefined || existsSync(origin)) return false;
  const pidFile = await readFile(join(home, "data", "postmaster.pid"), "utf8").catch(() => "");
  const holder = await findProcess(Number.parseInt(pidFile, 10) || 0);
  return !holder?.command.includes(home);
}
