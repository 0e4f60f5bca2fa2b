// The pipeline against the ceiling of its stores, side by side in one run.
//   npm run bench -- --help
import { spawnSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { cpus, totalmem } from "node:os";
import { resolve } from "node:path";
import { Command, InvalidArgumentError, Option } from "commander";
import { lease } from "../packages/stack/src/index.ts";
import { beginReport, pipelinePaths } from "../packages/testbed/src/index.ts";
import type { Bench, Scenario, Section } from "./bench.ts";
import { goalTable } from "./goals.ts";
import { beginRecord, falls, ratiosOf, readRecorded } from "./recorded.ts";
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

/** Less than three minutes: enough to distinguish a fall from noise. */
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
  report?: true;
}

/** What measures; bench/recorded.json is a result. */
const benchFiles = [
  "backlog.ts",
  "ceiling.ts",
  "drain.ts",
  "index-kinds.ts",
  "store-seconds.ts",
  "texts.ts",
  "world.ts",
];
const measurement = {
  title: "Performance",
  script: "bench",
  paths: [...pipelinePaths, "bench/scenarios", ...benchFiles.map((file) => `bench/${file}`)],
};

const say = (line: string): void => void process.stderr.write(`${line}\n`);

async function main(given: Options): Promise<void> {
  const options = { concurrencies: [1, 2, 3], ...given, ...(given.quick && quick) };
  const report = given.report && beginReport({ ...measurement, name: "performance", page: "docs/performance.md" });
  const record = given.quick && given.record && beginRecord(measurement);
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
    await writeFile(options.json, `${JSON.stringify(resultsOf(options, sections), undefined, 2)}\n`);
  if (report) say(`Wrote ${await report.write(findings(sections))}`);
  if (record) await record(ratiosOf(sections));
  else if (given.quick) await compare(sections);
}

function findings(sections: readonly Section[]) {
  const tables = sections.map(({ title, rowTitle, rows }) => `## ${title}\n\n${table(rowTitle, rows)}`);
  return { summary: goalTable(sections), body: tables.join("\n") };
}

/** Measures the code as the images run it. */
function build(): void {
  say("building the processes …");
  const root = resolve(import.meta.dirname, "..");
  const filters = ["ingest", "embed", "sink", "api"].map((name) => `--filter=@millrace/${name}`);
  const { status, stderr, error } = spawnSync("turbo", ["run", "build", ...filters], { cwd: root, encoding: "utf8" });
  if (error || status !== 0) throw new Error(`the build failed: ${error?.message ?? stderr}`);
}

async function compare(sections: readonly Section[]): Promise<void> {
  const fallen = falls(await readRecorded(), ratiosOf(sections));
  for (const fall of fallen) say(`Fell by more than a third: ${fall}`);
  if (fallen.length > 0) process.exitCode = 1;
}

function resultsOf({ runs, messages }: Options, sections: readonly Section[]) {
  const [processor] = cpus();
  const machine = { processor: processor?.model, cores: cpus().length, memoryBytes: totalmem(), node: process.version };
  return { measuredAt: new Date().toISOString(), machine, runs, messages, sections };
}

function positive(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= 10_000_000) return value;
  throw new InvalidArgumentError("Not a whole number from 1 to 10000000.");
}

await new Command("bench")
  .description(
    "Measures the pipeline against the ceiling of the stores behind it, on one machine in one run. " +
      "With --quick, exit code 0: no ratio to the ceiling fell by more than a third.",
  )
  .addOption(
    new Option("--scenario <names...>", "what to measure")
      .choices(Object.keys(scenarios))
      .default(Object.keys(scenarios)),
  )
  .option("--runs <number>", "repetitions of each measurement", positive, 3)
  .option("--messages <number>", "messages in a backlog", positive, 20_000)
  .option("--texts <file>", "texts of the messages (lines, CSV with a text column, or JSON Lines)")
  .option("--stack <name>", "stack to run on, started if needed", "bench")
  .option("--json <file>", "also write the results as JSON")
  .option("--profile <directory>", "write CPU profiles of the processes there")
  .option("--report", "write docs/reports/performance.md")
  .option("--quick", "measure the throughput once, with a short backlog, and compare it with bench/recorded.json")
  .option("--record", "with --quick: write the ratios to bench/recorded.json instead of comparing them")
  .showHelpAfterError()
  .action(main)
  .parseAsync();
