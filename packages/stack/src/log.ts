import { mkdir, open, readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import type { ServiceName } from "./state.ts";

const QUOTED_LINES = 8;

export function logFile(directory: string, name: ServiceName): string {
  return join(directory, "logs", `${name}.log`);
}

/** Opens a new log for a start and keeps the previous one beside it. */
export async function openLog(directory: string, name: ServiceName) {
  await mkdir(join(directory, "logs"), { recursive: true });
  const file = logFile(directory, name);
  await rename(file, file.replace(/\.log$/, ".previous.log")).catch(() => undefined);
  return open(file, "a");
}

export async function lastLines(directory: string, name: ServiceName): Promise<string> {
  const log = await readFile(logFile(directory, name), "utf8").catch(() => "");
  return log.trimEnd().split("\n").slice(-QUOTED_LINES).join("\n");
}
