// The pipeline against its limit, measured side by side in one run:
//   npm run bench [-- --scenario throughput] [--runs 3] [--messages 20000] [--json FILE] [--profile DIR] [--quick]
import { spawnSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { cpus, totalmem } from "node:os";
import { resolve } from "node:path";
import { Command, InvalidArgumentError, Option } from "commander";
import { lease } from "../packages/stack/src/index.ts";
import type { Bench, Scenario, Section } from "./bench.ts";
import { falls, ratiosOf, readRecorded, record } from "./recorded.ts";
import { latency } from "./scenarios/latency.ts";
import { limits } from "./scenarios/limits.ts";
import { local } from "./scenarios/local.ts";
import { paidTwice } from "./scenarios/paid-twice.ts";
import { scaling } from "./scenarios/scaling.ts";
import { throughput } from "./scenarios/throughput.ts";
import { table } from "./table.ts";
import { benchTexts } from "./texts.ts";

const scenarios: Record<string, Scenario> = {
  throughput,
  latency,
  limits,
  scaling,
  "paid-twice": paidTwice,
  local,
};

/** Less than three minutes: enough to tell a fall from noise. */
const quick = { scenario: ["throughput"], runs: 1, messages: 5_000, concurrencies: [2] };

interface Options {
  scenario: string[];
  runs: number;
  messages: number;
  texts?: string;
  stack: string;
  json?: string;
  profile?: string;
  quick?: true;
  record?: true;
}

const say = (line: string): void => void process.stderr.write(`${line}\n`);

await new Command("bench")
  .description("Measures the pipeline against the ceiling of the stores behind it, on one machine, in one run.")
  .addOption(
    new Option("--scenario <names...>", "what to measure")
      .choices(Object.keys(scenarios))
      .default(Object.keys(scenarios)),
  )
  .option("--runs <number>", "how often each measurement is made", positive, 3)
  .option("--messages <number>", "of a backlog", positive, 20_000)
  .option("--texts <file>", "texts of the messages (lines, CSV with a column text, or JSON Lines)")
  .option("--stack <name>", "the stack to run on", "bench")
  .option("--json <file>", "also write the report as JSON")
  .option("--profile <directory>", "have the processes write CPU profiles there")
  .option("--quick", "a short run of throughput; fails where a ratio to the ceiling fell by more than a third")
  .option("--record", "with --quick: record the ratios that later runs are compared with")
  .showHelpAfterError()
  .action(main)
  .parseAsync();

async function main(given: Options): Promise<void> {
  const options = { concurrencies: [1, 2, 3], ...given, ...(given.quick && quick) };
  process.env.MILLRACE_JVM = "full";
  build();
  await using stack = await lease({ name: options.stack, onProgress: say });
  const bench: Bench = {
    stack,
    texts: await benchTexts(options.texts),
    messages: options.messages,
    runs: options.runs,
    concurrencies: options.concurrencies,
    ...(options.profile !== undefined && { profileDirectory: options.profile }),
    say,
  };
  const sections: Section[] = [];
  for (const name of options.scenario) {
    const measured = (await scenarios[name]?.(bench)) ?? [];
    for (const { title, rowTitle, rows } of measured)
      process.stdout.write(`\n### ${title}\n\n${table(rowTitle, rows)}`);
    sections.push(...measured);
  }
  if (options.json !== undefined)
    await writeFile(options.json, `${JSON.stringify(reportOf(options, sections), undefined, 2)}\n`);
  if (given.quick) await compare(sections, given.record === true);
}

/** What is measured is what the images run. */
function build(): void {
  say("building the processes …");
  const root = resolve(import.meta.dirname, "..");
  const filters = ["ingest", "embed", "sink", "api"].map((name) => `--filter=@millrace/${name}`);
  const { status, stderr, error } = spawnSync("turbo", ["run", "build", ...filters], { cwd: root, encoding: "utf8" });
  if (error || status !== 0) throw new Error(`the build failed: ${error?.message ?? stderr}`);
}

async function compare(sections: readonly Section[], isRecording: boolean): Promise<void> {
  const measured = ratiosOf(sections);
  if (isRecording) return record(measured);
  const fallen = falls(await readRecorded(), measured);
  for (const fall of fallen) say(`Fell by more than a third: ${fall}`);
  if (fallen.length > 0) process.exitCode = 1;
}

function reportOf({ runs, messages }: Options, sections: readonly Section[]) {
  const [processor] = cpus();
  const machine = { processor: processor?.model, cores: cpus().length, memoryBytes: totalmem(), node: process.version };
  return { measuredAt: new Date().toISOString(), machine, runs, messages, sections };
}

function positive(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= 10_000_000) return value;
  throw new InvalidArgumentError("Not a whole number from 1 to 10000000.");
}
