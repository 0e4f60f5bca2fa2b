import { writeFile } from "node:fs/promises";
import { Command } from "commander";
import { parseMoment } from "../durations.ts";
import { CommandError } from "../errors.ts";
import { latencyPage } from "../latency/page.ts";
import { readLogs } from "../latency/read.ts";
import { latencyTable } from "../latency/table.ts";

interface Options {
  since?: number;
  until?: number;
  json?: true;
  html?: string;
}

const help = `
Reads logs as the processes write them, and with the prefixes that these commands add:
  kubectl logs --prefix --tail=-1 -l app.kubernetes.io/part-of=millrace | millrace latency
  docker compose logs | millrace latency
Latencies cover successful operations only; quantiles are within 1 % of the exact ones, the maximum is exact.
"publish → stored" is the time from a message's Kafka timestamp until OpenSearch and PostgreSQL both have it.`;

export function latencyCommand(stop: AbortSignal): Command {
  return new Command("latency")
    .description("report how fast each stage and operation is, from the processes' logs")
    .argument("[files...]", "log files; - or none for standard input")
    .option("--since <time>", "only from this time on (ISO 8601, or 15m for 15 minutes ago)", parseMoment)
    .option("--until <time>", "only until this time", parseMoment)
    .option("--json", "print the report as JSON")
    .option("--html <file>", "also write it as a self-contained page with plots")
    .addHelpText("after", help)
    .action((files: string[], options: Options) => run(files, options, stop));
}

async function run(files: string[], options: Options, stop: AbortSignal): Promise<void> {
  const range = {
    ...(options.since !== undefined && { sinceMs: options.since }),
    ...(options.until !== undefined && { untilMs: options.until }),
  };
  const collector = await readLogs(files.length === 0 ? ["-"] : files, range, stop);
  const { report } = collector;
  if (report.lines.operations + report.lines.outside === 0) {
    throw new CommandError("Found no operations: pass the logs of api, ingest, embed and sink.");
  }
  if (options.html !== undefined) await writePage(options.html, latencyPage(collector));
  process.stdout.write(`${options.json ? JSON.stringify(report, undefined, 2) : latencyTable(report)}\n`);
}

async function writePage(file: string, page: string): Promise<void> {
  try {
    await writeFile(file, page);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new CommandError(`Can't write ${file} (${code}): name a writable file with --html.`);
  }
}
