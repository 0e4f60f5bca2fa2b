import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { HOST } from "./environment.ts";
import type { PipelineProcess } from "./pipeline-process.ts";

/** Writes where the processes serve `/metrics`, beside the logs, for Prometheus's `file_sd_configs`. */
export async function writeTargets(logDirectory: string, processes: readonly PipelineProcess[]): Promise<void> {
  const targets = processes.map(({ port }) => `${HOST}:${port}`);
  await writeFile(join(logDirectory, "targets.json"), `${JSON.stringify([{ targets }])}\n`);
}
