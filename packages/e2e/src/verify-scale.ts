// Measures the time and memory of `millrace verify` over many messages: npm run verify:scale [-- --messages 1000000]
// [--json] The messages, rows and documents are written directly, without vectors, which verify does not read.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { connectProducer } from "@millrace/kafka";
import { isolated, lease, startPipeline } from "@millrace/stack";
import { peakResidentBytes } from "@millrace/testbed";
import { Command } from "commander";
import { openReadBack, type ReadBack } from "./read-back.ts";

const PARTITIONS = 8;
const CHUNK = 10_000;
/** Number of rows, and of documents, that are removed for verify to find. */
const REMOVED = 100;
const say = (line: string): void => void process.stderr.write(`${line}\n`);

await new Command("verify-scale")
  .description("measure the time and memory of millrace verify")
  .option("--messages <number>", "number of messages", Number, 1_000_000)
  .option("--stack <name>", "the stack to run on", "scale")
  .option("--json", "print the result as JSON")
  .action(main)
  .parseAsync();

async function main(options: { messages: number; stack: string; json?: true }): Promise<void> {
  await using stack = await lease({ name: options.stack, onProgress: say });
  const environment = { ...stack.env, ...isolated(`scale_${process.pid}`) };
  await using readBack = openReadBack(environment);
  {
    // Once, for the topics and the table.
    await using _pipeline = await startPipeline({
      stack: stack.env,
      environment,
      logDirectory: await mkdtemp(join(tmpdir(), "millrace-scale-")),
    });
  }
  const each = Math.floor(options.messages / PARTITIONS);
  say(`writing ${each * PARTITIONS} messages, rows and documents`);
  await writeMessages(readBack, each);
  await writeRows(readBack, each);
  await writeDocuments(readBack, each);
  const result = await measure(environment);
  await readBack.clean();
  const found = result.missingRows === REMOVED && result.missingDocuments === REMOVED;
  const text = `${each * PARTITIONS} messages verified in ${result.seconds.toFixed(1)} s with ${result.peakMegabytes} MB; ${
    found ? "all" : "NOT all"
  } of the ${2 * REMOVED} removed rows and documents were found`;
  process.stdout.write(`${options.json ? JSON.stringify({ messages: each * PARTITIONS, ...result }) : text}\n`);
  if (!found) process.exitCode = 1;
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

/** Runs the command as a user would, and watches its memory. */
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
