// How long `millrace verify` takes over many messages, and how much memory it needs.
//   npm run verify:scale -- --help
// Messages, rows and documents are written directly, without vectors: verify reads none.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { connectProducer } from "@millrace/kafka";
import { isolated, lease, startPipeline } from "@millrace/stack";
import { beginReport, peakResidentBytes } from "@millrace/testbed";
import { Command } from "commander";
import { openReadBack, type ReadBack } from "./read-back.ts";

const PARTITIONS = 8;
const CHUNK = 10_000;
/** This many rows and this many documents are missing, for verify to find. */
const REMOVED = 100;
const say = (line: string): void => void process.stderr.write(`${line}\n`);

async function main(options: { messages: number; stack: string; json?: true; report?: true }): Promise<void> {
  const report = options.report && beginReport(reportDefinition);
  await using stack = await lease({ name: options.stack, onProgress: say });
  const environment = { ...stack.env, ...isolated(`scale_${process.pid}`) };
  await using readBack = openReadBack(environment);
  {
    // Creates the topics and the table.
    await using _pipeline = await startPipeline({
      stack: stack.env,
      environment,
      logDirectory: await mkdtemp(join(tmpdir(), "millrace-scale-")),
    });
  }
  const each = Math.floor(options.messages / PARTITIONS);
  const messages = each * PARTITIONS;
  say(`writing ${messages} messages, rows and documents`);
  await writeMessages(readBack, each);
  await writeRows(readBack, each);
  await writeDocuments(readBack, each);
  const result = await measure(environment);
  await readBack.clean();
  const summary = describe(messages, result);
  process.stdout.write(`${options.json ? JSON.stringify({ messages, ...result }) : summary}\n`);
  if (report) say(`Wrote ${await report.write({ summary, body: notes })}`);
  if (!foundAll(result)) process.exitCode = 1;
}

const reportDefinition = {
  name: "verify-scale",
  title: "Verification of many messages",
  page: "docs/reliability.md",
  script: "verify:scale",
  paths: ["packages/cli/src/verify", "packages/kafka/src", "packages/e2e/src/verify-scale.ts"],
};

const notes = "The memory is the peak resident memory (`VmHWM`) of the process of `millrace verify`.";

type Result = Awaited<ReturnType<typeof measure>>;

function foundAll({ missingRows, missingDocuments }: Result): boolean {
  return missingRows === REMOVED && missingDocuments === REMOVED;
}

function describe(messages: number, result: Result): string {
  const { seconds, peakMegabytes, missingRows, missingDocuments } = result;
  const found = foundAll(result) ? "all" : `${missingRows + missingDocuments} of the`;
  return (
    `\`millrace verify\` checked ${messages.toLocaleString("en")} messages in ${seconds.toFixed(1)} s with ${peakMegabytes} MB, ` +
    `and found ${found} ${2 * REMOVED} missing rows and documents.`
  );
}

async function writeMessages({ kafka, patience, topic }: ReadBack, each: number): Promise<void> {
  await using producer = await connectProducer(kafka, patience);
  const value = Buffer.from("text");
  for (let partition = 0; partition < PARTITIONS; partition++) {
    for (let start = 0; start < each; start += CHUNK) {
      const count = Math.min(CHUNK, each - start);
      await producer.send(
        topic,
        Array.from({ length: count }, () => ({ value, partition })),
      );
    }
  }
}

async function writeRows({ postgres, topic }: ReadBack, each: number): Promise<void> {
  for (let partition = 0; partition < PARTITIONS; partition++) {
    await postgres.query(
      `INSERT INTO demo_log (kafka_topic, kafka_partition, kafka_offset, message_content, log_level)
       SELECT $1, $2, kafka_offset, 'text', 'INFO' FROM generate_series(0, $3::bigint - 1) AS kafka_offset`,
      [topic, partition, each],
    );
  }
  await postgres.query("DELETE FROM demo_log WHERE kafka_partition = 0 AND kafka_offset < $1", [REMOVED]);
  await postgres.query("ANALYZE demo_log");
}

async function writeDocuments({ openSearch, index, topic }: ReadBack, each: number): Promise<void> {
  const properties = { topic: { type: "keyword" }, partition: { type: "integer" }, offset: { type: "long" } } as const;
  const settings = { index: { number_of_replicas: 0, refresh_interval: "-1" } };
  await openSearch.indices.create({ index, body: { settings, mappings: { properties } } });
  for (let partition = 0; partition < PARTITIONS; partition++) {
    for (let start = 0; start < each; start += CHUNK) {
      const lines: unknown[] = [];
      for (let offset = start; offset < Math.min(each, start + CHUNK); offset++) {
        if (partition === 1 && offset < REMOVED) continue;
        lines.push({ index: { _index: index, _id: `${topic}-${partition}-${offset}` } }, { topic, partition, offset });
      }
      await openSearch.bulk({ body: lines as Record<string, unknown>[] });
    }
  }
}

/** Runs the command as a user does, and samples its memory. */
async function measure(environment: Readonly<Record<string, string>>) {
  const entry = resolve(import.meta.dirname, "..", "..", "cli", "src", "main.ts");
  const startedAt = performance.now();
  const child = spawn(process.execPath, ["--conditions=millrace", entry, "verify", "--json"], {
    env: { ...process.env, ...environment },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.on("data", (chunk) => {
    output += chunk;
  });
  let peak = 0;
  const timer = setInterval(() => {
    peak = Math.max(peak, peakResidentBytes(child.pid ?? 0));
  }, 200);
  await once(child, "close");
  clearInterval(timer);
  const report = JSON.parse(output) as { partitions: { findings: Record<string, number[]> }[] };
  const count = (finding: string) =>
    report.partitions.reduce((sum, { findings }) => sum + (findings[finding]?.length ?? 0), 0);
  return {
    seconds: (performance.now() - startedAt) / 1_000,
    peakMegabytes: Math.round(peak / 1_048_576),
    missingRows: count("missing row"),
    missingDocuments: count("missing document"),
  };
}

await new Command("verify:scale")
  .description(
    `Measures the time and the memory that \`millrace verify\` needs. Exit code 0: it found all ${REMOVED} missing rows and all ${REMOVED} missing documents.`,
  )
  .option("--messages <number>", "total number of messages", Number, 1_000_000)
  .option("--stack <name>", "stack to run on, started if needed", "scale")
  .option("--report", "write docs/reports/verify-scale.md")
  .option("--json", "print the result as JSON")
  .action(main)
  .parseAsync();
