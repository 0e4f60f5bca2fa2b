import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { hashSource, isBuilt, packageDirectory } from "./source.ts";

/**
 * Builds the page where it is missing or its source has changed since; takes about a second then. In a process of its
 * own, since Vite sets variables that the processes started later would inherit.
 */
export async function ensureBuilt(): Promise<void> {
  if (isBuilt(hashSource())) return;
  await promisify(execFile)(process.execPath, [join(packageDirectory, "src", "build", "main.ts")]);
}
