// How often the pipeline finds the nearest neighbour, and one of the right category.
//   npm run quality -- --help
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { lease, StackError, textTable } from "@millrace/stack";
import { beginReport, markdownTable, pipelinePaths } from "@millrace/testbed";
import { Command } from "commander";
import { readLabelledTexts } from "./labelled-texts.ts";
import { measureQuality, type Quality } from "./measure-quality.ts";
import { openTestbed } from "./testbed.ts";

const AGREEMENT_MIN = 0.99;
const ACCURACY_MIN = 0.84;
const HELD_OUT = 500;
const SEED = 1;
const PROGRESS_INTERVAL_MS = 2_000;

const say = (line: string) => process.stderr.write(`${line}\n`);

interface Options {
  stack: string;
  json?: true;
  report?: true;
}

async function run(file: string, { stack: name, json, report: isReporting }: Options): Promise<void> {
  if (!(await stat(file).catch(() => undefined))?.isFile()) throw new StackError(`File ${file} does not exist.`);
  const texts = await readLabelledTexts(file);
  if (texts.length <= HELD_OUT)
    throw new StackError(`${file} has ${texts.length} texts; more than ${HELD_OUT} are needed.`);
  const report = isReporting && beginReport(reportDefinition);
  await using stack = await lease({ name, onProgress: say });
  await using testbed = await openTestbed(`quality_${process.pid}`, {
    stack: stack.env,
    logDirectory: join(stack.directory, "logs", "quality"),
  });
  const quality = await measureQuality(texts, { count: HELD_OUT, seed: SEED }, testbed, progress());
  const rows = rowsOf(quality);
  process.stdout.write(
    `${json ? JSON.stringify(quality, undefined, 2) : `${describe(quality)}\n${textTable(rows, "left", "right").join("\n")}`}\n`,
  );
  if (report) {
    const summary = `${describe(quality)}\n\n${markdownTable(rows, "left", "right")}`;
    say(`Wrote ${await report.write({ summary, body: notes })}`);
  }
  if (quality.categoryAgreement < AGREEMENT_MIN || quality.accuracy < ACCURACY_MIN) process.exitCode = 1;
}

function progress(): (what: string, done: number, of: number) => void {
  let shownAtMs = performance.now();
  return (what, done, of) => {
    if (done < of && performance.now() - shownAtMs < PROGRESS_INTERVAL_MS) return;
    shownAtMs = performance.now();
    say(`${what} ${done} of ${of}`);
  };
}

const reportDefinition = {
  name: "quality",
  title: "Search quality",
  page: "docs/performance.md",
  script: "quality",
  paths: [
    ...pipelinePaths,
    "packages/embed/model",
    "packages/e2e/src/quality.ts",
    "packages/e2e/src/measure-quality.ts",
  ],
};

const notes =
  "*Exact search* compares the vector of the text with every vector in the index. The local provider computes the vectors.";

function describe({ indexed, heldOut, seed }: Quality): string {
  return `${indexed} texts indexed, ${heldOut} others held out and searched for (seed ${seed}).`;
}

function rowsOf(quality: Quality): string[][] {
  const row = (label: string, share: number, min?: number) => [
    label,
    `${(100 * share).toFixed(1)} %`,
    min === undefined ? "" : `${100 * min} %`,
    min === undefined ? "" : share < min ? "FAILED" : "ok",
  ];
  return [
    ["measure", "share", "minimum", ""],
    row("pipeline and exact search find the same category", quality.categoryAgreement, AGREEMENT_MIN),
    row("pipeline and exact search find the same text", quality.textAgreement),
    row("pipeline finds the right category", quality.accuracy, ACCURACY_MIN),
    row("exact search finds the right category", quality.bruteForceAccuracy),
  ];
}

try {
  await new Command("quality")
    .description(
      `Indexes all texts but ${HELD_OUT}, and searches for each of these. Exit code 0: the category of the nearest text agrees with ` +
        `an exact search in ${100 * AGREEMENT_MIN} % of the searches, and is correct in ${100 * ACCURACY_MIN} %.`,
    )
    .argument("<file>", "CSV file with the columns text and category")
    .option("--stack <name>", "stack to run on, started if needed", "default")
    .option("--report", "write docs/reports/quality.md")
    .option("--json", "print the figures as JSON")
    .action(run)
    .parseAsync();
} catch (error) {
  if (!(error instanceof StackError)) throw error;
  say(error.message);
  process.exitCode = 1;
}
