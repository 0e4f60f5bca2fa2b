import { renameSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import type { z } from "zod";

/** What a file holds; `undefined` where it can't be read, or holds something else. */
export async function readJson<Schema extends z.ZodType>(
  file: string,
  schema: Schema,
): Promise<z.output<Schema> | undefined> {
  try {
    return schema.parse(JSON.parse(await readFile(file, "utf8")));
  } catch {
    return undefined;
  }
}

/**
 * Written aside and renamed, so that a reader without the lock (`status`, `env`) never sees half a file. Synchronous,
 * so that of processes which start at the same time none writes an older value over a newer one.
 */
export function writeJson(file: string, value: unknown): void {
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, `${JSON.stringify(value, undefined, 2)}\n`);
  renameSync(draft, file);
}
