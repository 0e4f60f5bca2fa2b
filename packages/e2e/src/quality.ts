import { stat } from "node:fs/promises";
import { join } from "node:path";
import { lease, StackError } from "@millrace/stack";
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
      `Keeps ${HELD_OUT} texts out of the index and searches for each: the category of the nearest text must be the same ` +
        "through the whole pipeline as by comparing all vectors, and be the right one often enough.",
    )
    .argument("<file>", "a CSV file with the columns text and category")
    .option("--stack <name>", "the stack to run on, brought up if needed", "default")
    .option("--json", "print the figures as JSON")
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
  if (texts.length <= HELD_OUT) throw new StackError(`${file} has ${texts.length} texts: ${HELD_OUT} are held out.`);
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
  let saidAtMs = performance.now();
  return (what, done, of) => {
    if (done < of && performance.now() - saidAtMs < PROGRESS_INTERVAL_MS) return;
    saidAtMs = performance.now();
    say(`${what} ${done} of ${of}`);
  };
}

function table(quality: Quality): string {
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`.padStart(8);
  const verdict = (share: number, least: number) => (share < least ? "TOO LOW" : "ok");
  const row = (what: string, share: number, least?: number) =>
    `${what.padEnd(58)}${percent(share)}${least === undefined ? "" : `   at least ${100 * least} %: ${verdict(share, least)}`}\n`;
  return (
    `${quality.indexed} texts indexed, ${quality.heldOut} others held out (seed ${quality.seed})\n` +
    row("the pipeline's nearest category is brute force's", quality.categoryAgreement, AGREEMENT_MIN) +
    row("the pipeline's nearest text is brute force's", quality.textAgreement) +
    row("the pipeline's nearest category is the right one", quality.accuracy, ACCURACY_MIN) +
    row("brute force's nearest category is the right one", quality.bruteForceAccuracy)
  );
}
