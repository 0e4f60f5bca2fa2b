import { delay, documentSettings, readConfiguration } from "@millrace/shared";
import { textTable } from "@millrace/stack";
import { Command } from "commander";
import { z } from "zod";
import { type Clients, openClients } from "../clients.ts";
import { parseMoment } from "../durations.ts";
import { wholeNumber } from "../options.ts";
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

const WAIT_MAX_S = 86_400;
/** Pause between two verifications of a repair. */
const AGAIN_MS = 1_000;

const help = `
Exit code 0: every message has its row, and every valid one its document. 1: something is missing or left over.
Messages still in flight at the start count as missing: let the pipeline drain first. Messages published meanwhile do not
count. --repair sends messages without a row or a document through the pipeline again; it deletes nothing.`;

/** @param giveUp ends every wait */
export function verifyCommand(giveUp: AbortSignal): Command {
  return new Command("verify")
    .description("reconcile the source topic with demo_log and the index")
    .option("--topic <topic>", "default: the first of KAFKA_TOPICS")
    .option("--from <time>", "only messages from this time on (ISO 8601, or 15m for 15 minutes ago)", parseMoment)
    .option("--repair", "send missing messages through the pipeline again, then verify once more")
    .option("--wait <seconds>", "how long --repair waits for the messages that it sent", wholeNumber(0, WAIT_MAX_S), 60)
    .option("--json", "print the report as JSON")
    .addHelpText("after", help)
    .action((options: Options) => run(options, giveUp));
}

async function run(options: Options, giveUp: AbortSignal): Promise<void> {
  await using clients = openClients(process.env, "cli", giveUp);
  const { DOCUMENT_ID } = readConfiguration(z.object(documentSettings), process.env);
  const topic = options.topic ?? clients.config.KAFKA_TOPICS[0] ?? "";
  const what: VerifyOptions = {
    topic,
    documentId: DOCUMENT_ID,
    ...(options.from !== undefined && { fromMs: options.from }),
    onPartition: (partition, of) =>
      process.stderr.isTTY && process.stderr.write(`\rpartition ${partition + 1} of ${of} `),
  };
  let reports = await verify(clients, what);
  if (options.repair && !isConsistent(reports)) reports = await repairAll(clients, what, reports, options);
  const text = options.json ? JSON.stringify(toJson(topic, reports)) : table(topic, reports);
  process.stdout.write(`${text}\n`);
  if (!isConsistent(reports)) process.exitCode = 1;
}

async function repairAll(clients: Clients, what: VerifyOptions, reports: PartitionReport[], options: Options) {
  process.stderr.write(`${table(what.topic, reports)}\n`);
  const { sent, refused } = await repair(clients, what.topic, reports);
  process.stderr.write(`Sent ${sent} messages through the pipeline again.\n`);
  if (refused > 0) {
    const { REPLAY_TOPIC } = clients.config;
    process.stderr.write(`${refused} are too large for ${REPLAY_TOPIC}: raise its max.message.bytes and try again.\n`);
  }
  const until = Date.now() + options.wait * 1_000;
  let again = reports;
  while (sent > 0 && !isConsistent(again) && Date.now() < until) {
    await delay(AGAIN_MS, clients.patience.hardStop);
    again = await verify(clients, what);
  }
  return again;
}

function isConsistent(reports: readonly PartitionReport[]): boolean {
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
  const total = ["total", ...sums.slice(1).map(String)];
  const examples = reports.flatMap((report) => exampleLines(topic, report));
  return [...textTable([columns, ...rows, total], "left", "right"), ...examples].join("\n");
}

/** The first offsets of each finding, so that someone can look into them. */
function exampleLines(topic: string, { partition, findings: found }: PartitionReport): string[] {
  return [...found].map(([finding, offsets]) => {
    const some = offsets.slice(0, 5).map((offset) => `${topic}-${partition}-${offset}`);
    return `${finding}: ${some.join(", ")}${offsets.length > some.length ? ", …" : ""}`;
  });
}

function toJson(topic: string, reports: readonly PartitionReport[]) {
  return {
    topic,
    consistent: isConsistent(reports),
    partitions: reports.map(({ findings: found, ...report }) => ({ ...report, findings: Object.fromEntries(found) })),
  };
}
