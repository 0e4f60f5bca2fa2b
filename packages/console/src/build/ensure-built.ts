import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { hashSource, isBuilt, packageDirectory } from "./source.ts";

/**
 * Builds the page if it is missing or stale, in about a second. Uses a separate process, since Vite sets environment
 * variables that processes started later would inherit.
 */
export async function ensureBuilt(): Promise<void> {
  if (isBuilt(hashSource())) return;
  await promisify(execFile)(process.execPath, [join(packageDirectory, "src", "build", "main.ts")]);
}
