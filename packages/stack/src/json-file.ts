import { renameSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import type { z } from "zod";

/** The content of a file; `undefined` if it can't be read or does not match the schema. */
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
 * Writes a draft and renames it, so that a reader without the lock (`status`, `env`) never sees half a file.
 * Synchronous, so that concurrent starts never write an older value over a newer one.
 */
export function writeJson(file: string, value: unknown): void {
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, `${JSON.stringify(value, undefined, 2)}\n`);
  renameSync(draft, file);
}
