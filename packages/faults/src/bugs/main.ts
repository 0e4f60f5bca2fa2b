// Shows that the fault injection finds bugs: plants each of them, with a seed whose plan catches it.
//   npm run faults:bugs -- --help
import { textTable } from "@millrace/stack";
import { beginReport, type Findings, markdownTable } from "@millrace/testbed";
import { Command } from "commander";
import { leaseStacks, positiveInteger, runCommand, say, stopOnSignals } from "../command.ts";
import { countsOf, isKept, type RunOutcome } from "../outcome.ts";
import { describeOutcome } from "../report.ts";
import { runAll } from "../run-all.ts";
import type { RunOptions } from "../run-options.ts";
import { OUTAGE_MAX_MS } from "../schedule.ts";
import { type BugName, bugNames, bugs } from "./bugs.ts";

interface Options {
  parallel: number;
  stack: string;
  json?: true;
  report?: true;
}

const stop = stopOnSignals();
const program = new Command("faults:bugs")
  .description(
    "Plants each known bug into the pipeline, one run per bug, and checks that the fault injection finds it. " +
      "Exit code 0: every bug was found.",
  )
  .option("--parallel <number>", "runs at once, each on its own stack", positiveInteger, 1)
  .option("--stack <name>", "stack to run on; its services are stopped and killed", "faults")
  .option("--report", "write docs/reports/planted-bugs.md")
  .option("--json", "print the outcomes as JSON")
  .action(main);

async function main({ parallel, stack, json, report: isReporting }: Options): Promise<void> {
  const report =
    isReporting &&
    beginReport({
      name: "planted-bugs",
      title: "Planted bugs",
      page: "docs/reliability.md",
      script: "faults:bugs",
      paths: ["packages/faults/src", ...new Set(bugNames.flatMap(filesOf))],
    });
  await using leased = await leaseStacks(stack, Math.min(parallel, bugNames.length));
  const listener = { say, done: (outcome: RunOutcome) => say(describeOutcome(outcome)) };
  const outcomes = await runAll(bugNames.map(runOptions), leased.stacks, listener, stop);
  const rows = [headings, ...outcomes.map(cellsOf)];
  process.stdout.write(`${json ? JSON.stringify(outcomes, undefined, 2) : textTable(rows, "left").join("\n")}\n`);
  if (report) say(`Wrote ${await report.write(findings(outcomes, rows))}`);
  if (outcomes.some(isKept)) process.exitCode = 1;
}

function filesOf(name: BugName): string[] {
  return bugs[name].replacements.map(({ file }) => `packages/${file}`);
}

/** Short, with many faults: a bug shows soon. */
function runOptions(bug: BugName): RunOptions {
  const { seed } = bugs[bug];
  const times = { loadMs: 45_000, drainMs: 30_000, outageMaxMs: OUTAGE_MAX_MS };
  return { seed, bug, ratePerS: 50, faults: 16, keep: false, ...times };
}

const headings = ["planted bug", "seed", "messages", "missing", "doubled", "wrong", "hung", "crashed", "found"];

function cellsOf(outcome: RunOutcome): string[] {
  const { published, missing, doubled, wrong, hung, crashed } = countsOf(outcome);
  const counts = [outcome.seed, published, missing, doubled, wrong, hung, crashed].map(String);
  return [outcome.bug ?? "", ...counts, isKept(outcome) ? "NO" : "yes"];
}

function findings(outcomes: readonly RunOutcome[], rows: readonly (readonly string[])[]): Findings {
  const found = outcomes.filter((outcome) => !isKept(outcome)).length;
  const list = bugNames.map((name) => `- \`${name}\` ${bugs[name].does}.`);
  return {
    summary: `**The fault injection found ${found} of ${outcomes.length} planted bugs.**\n\n${markdownTable(rows, "left", "right")}`,
    body: list.join("\n"),
  };
}

await runCommand(program, stop);
