import { setTimeout as sleep } from "node:timers/promises";
import { documentSettings, readConfiguration } from "@millrace/shared";
import { type Clients, openClients } from "@millrace/shared/clients";
import { Command, InvalidArgumentError } from "commander";
import { z } from "zod";
import type { Finding, PartitionReport } from "../verify/reconcile.ts";
import { repair } from "../verify/repair.ts";
import { type VerifyOptions, verify } from "../verify/verify.ts";

interface Options {
  topic?: string;
  from?: number;
  repair?: true;
  json?: true;
  wait: number;
}

const help = `
Exit code 0: every message has its row, and every valid one its document. 1: something is wrong (or was, and is not yet
mended). What is still in flight counts as missing: let the pipeline drain first, or see --wait.
--repair sends messages without a row or a document through the pipeline again; it deletes nothing.`;

export function verifyCommand(): Command {
  return new Command("verify")
    .description("reconcile the source topic with demo_log and the index")
    .option("--topic <topic>", "default: the first of KAFKA_TOPICS")
    .option("--from <time>", "only messages from this time on (ISO 8601)", parseTime)
    .option("--repair", "send what is missing through the pipeline again, and verify once more")
    .option("--wait <seconds>", "how long a repair may take", Number, 60)
    .option("--json", "print the report as JSON")
    .addHelpText("after", help)
    .action(run);
}

async function run(options: Options): Promise<void> {
  await using clients = openClients(process.env, "cli");
  const { DOCUMENT_ID } = readConfiguration(z.object(documentSettings), process.env);
  const topic = options.topic ?? clients.config.KAFKA_TOPICS[0] ?? "";
  const what: VerifyOptions = {
    topic,
    documentId: DOCUMENT_ID,
    ...(options.from !== undefined && { fromMs: options.from }),
    onProgress: (partition, of) =>
      process.stderr.isTTY && process.stderr.write(`\rpartition ${partition + 1} of ${of} `),
  };
  let reports = await verify(clients, what);
  if (options.repair && !sound(reports)) reports = await mend(clients, what, reports, options);
  const text = options.json ? JSON.stringify(toJson(topic, reports)) : table(topic, reports);
  process.stdout.write(`${text}\n`);
  if (!sound(reports)) process.exitCode = 1;
}

async function mend(clients: Clients, what: VerifyOptions, reports: PartitionReport[], options: Options) {
  process.stderr.write(`${table(what.topic, reports)}\n`);
  const sent = await repair(clients, what.topic, reports);
  process.stderr.write(`${sent} messages were sent through the pipeline again.\n`);
  const until = Date.now() + options.wait * 1_000;
  let again = reports;
  while (sent > 0 && !sound(again) && Date.now() < until) {
    await sleep(1_000);
    again = await verify(clients, what);
  }
  return again;
}

function sound(reports: readonly PartitionReport[]): boolean {
  return reports.every(({ findings }) => findings.size === 0);
}

const findings: Finding[] = [
  "missing row",
  "missing document",
  "doubled document",
  "orphaned document",
  "orphaned row",
];

function table(topic: string, reports: readonly PartitionReport[]): string {
  const columns = ["partition", "messages", "complete", "dead-lettered", ...findings];
  const rows = reports.map((report) => [
    String(report.partition),
    String(report.messages),
    String(report.complete),
    String(report.deadLettered),
    ...findings.map((finding) => String(report.findings.get(finding)?.length ?? 0)),
  ]);
  const sums = columns.map((_, column) => rows.reduce((sum, row) => sum + Number(row[column]), 0));
  const total = ["in all", ...sums.slice(1).map(String)];
  const widths = columns.map((column, index) =>
    Math.max(column.length, ...[...rows, total].map((row) => row[index]?.length ?? 0)),
  );
  const format = (row: readonly string[]): string =>
    row.map((cell, index) => cell.padStart(widths[index] ?? 0)).join("  ");
  const examples = reports.flatMap((report) => exampleLines(topic, report));
  return [format(columns), ...rows.map(format), format(total), ...examples].join("\n");
}

/** The first offsets of each finding, so that somebody can look into one. */
function exampleLines(topic: string, { partition, findings: found }: PartitionReport): string[] {
  return [...found].map(([finding, offsets]) => {
    const some = offsets.slice(0, 5).map((offset) => `${topic}-${partition}-${offset}`);
    return `${finding}: ${some.join(", ")}${offsets.length > some.length ? ", …" : ""}`;
  });
}

function toJson(topic: string, reports: readonly PartitionReport[]) {
  return {
    topic,
    sound: sound(reports),
    partitions: reports.map(({ findings: found, ...report }) => ({ ...report, findings: Object.fromEntries(found) })),
  };
}

function parseTime(text: string): number {
  const time = Date.parse(text);
  if (Number.isNaN(time)) throw new InvalidArgumentError("Not a time such as 2026-01-31T12:00:00Z.");
  return time;
}
