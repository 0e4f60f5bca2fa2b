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
Logs are read as the processes write them, or with what stands before each line in
  kubectl logs --prefix --tail=-1 -l app.kubernetes.io/part-of=millrace | millrace latency
  docker compose logs | millrace latency
The latencies are those of operations that ended well; quantiles are right to within 1 %, the maximum is exact.
"publish → stored" is each message's time from its record in Kafka until OpenSearch and PostgreSQL both have it.`;

export function latencyCommand(stop: AbortSignal): Command {
  return new Command("latency")
    .description("how fast each stage and operation is, from the processes' logs")
    .argument("[files...]", "logs; - or none: standard input")
    .option("--since <time>", "only from then on (ISO 8601, or 15m for 15 minutes ago)", parseMoment)
    .option("--until <time>", "only until then", parseMoment)
    .option("--json", "print the report as JSON")
    .option("--html <file>", "also write it as a page with plots, which needs nothing else")
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
    throw new CommandError("No line tells of an operation: give the logs of api, ingest, embed and sink.");
  }
  if (options.html !== undefined) await writePage(options.html, latencyPage(collector));
  process.stdout.write(`${options.json ? JSON.stringify(report, undefined, 2) : latencyTable(report)}\n`);
}

async function writePage(file: string, page: string): Promise<void> {
  try {
    await writeFile(file, page);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new CommandError(`${file} can't be written (${code}): give the path of a file by --html.`);
  }
}
