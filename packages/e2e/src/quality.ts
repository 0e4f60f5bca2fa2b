import { stat } from "node:fs/promises";
import { join } from "node:path";
import { lease, StackError, textTable } from "@millrace/stack";
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

try {
  await new Command("quality")
    .description(
      `Holds ${HELD_OUT} texts out of the index and searches for each. Fails if the pipeline's nearest text too rarely has ` +
        "the category that comparing all vectors finds, or the right category.",
    )
    .argument("<file>", "CSV file with the columns text and category")
    .option("--stack <name>", "the stack to run on; it is started if needed", "default")
    .option("--json", "print the result as JSON")
    .action(run)
    .parseAsync();
} catch (error) {
  if (!(error instanceof StackError)) throw error;
  say(error.message);
  process.exitCode = 1;
}

async function run(file: string, { stack: name, json }: { stack: string; json?: true }): Promise<void> {
  if (!(await stat(file).catch(() => undefined))?.isFile()) throw new StackError(`File ${file} does not exist.`);
  const texts = await readLabelledTexts(file);
  if (texts.length <= HELD_OUT)
    throw new StackError(`${file} has ${texts.length} texts; more than ${HELD_OUT} are needed.`);
  await using stack = await lease({ name, onProgress: say });
  await using testbed = await openTestbed(`quality_${process.pid}`, {
    stack: stack.env,
    logDirectory: join(stack.directory, "logs", "quality"),
  });
  const quality = await measureQuality(texts, { count: HELD_OUT, seed: SEED }, testbed, progress());
  process.stdout.write(json ? `${JSON.stringify(quality, undefined, 2)}\n` : table(quality));
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

function table(quality: Quality): string {
  const row = (label: string, share: number, min?: number) => [
    label,
    `${(100 * share).toFixed(1)} %`,
    min === undefined ? "" : `min ${100 * min} %: ${share < min ? "FAILED" : "ok"}`,
  ];
  const rows = [
    row("pipeline and brute force find the same category", quality.categoryAgreement, AGREEMENT_MIN),
    row("pipeline and brute force find the same text", quality.textAgreement),
    row("pipeline finds the right category", quality.accuracy, ACCURACY_MIN),
    row("brute force finds the right category", quality.bruteForceAccuracy),
  ];
  const heading = `${quality.indexed} texts indexed, ${quality.heldOut} others held out (seed ${quality.seed})`;
  return `${[heading, ...textTable(rows, "left", "right", "left")].join("\n")}\n`;
}
