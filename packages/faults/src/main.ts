// Fault injection: breaks the running pipeline by a plan that a seed repeats.
//   npm run faults -- --help
import { beginReport, pipelinePaths } from "@millrace/testbed";
import { Command, Option } from "commander";
import { type BugName, bugNames } from "./bugs/bugs.ts";
import {
  leaseStacks,
  positive,
  positiveInteger,
  range,
  runCommand,
  say,
  stopOnSignals,
  wholeNumber,
} from "./command.ts";
import { isKept } from "./outcome.ts";
import { describeOutcome, findings, summaryTable } from "./report.ts";
import { runAll } from "./run-all.ts";
import type { RunOptions } from "./run-options.ts";
import { describeFault, OUTAGE_MAX_MS, planFaults } from "./schedule.ts";

interface Options {
  seed: number;
  seeds?: number[];
  minutes: number;
  rate: number;
  faults: number;
  drain: number;
  outageMax: number;
  parallel: number;
  stack: string;
  bug?: BugName;
  json?: true;
  dryRun?: true;
  keep?: true;
  report?: true;
}

const stop = stopOnSignals();
const program = new Command("faults")
  .description(
    "Runs the pipeline on real services under a steady load, injects faults by a plan that depends on the seed alone, and " +
      "compares what Kafka, PostgreSQL and OpenSearch hold at the end. Exit code 0: nothing is missing, doubled, wrong or hung, and no process crashed.",
  )
  .option("--seed <number>", "run the plan of this seed", wholeNumber, 1)
  .option("--seeds <from-to>", "run several plans, such as 1-20", range)
  .option("--minutes <number>", "duration of the load", positive, 2)
  .option("--rate <number>", "messages per second", positive, 50)
  .option("--faults <number>", "faults per run, at least 9", wholeNumber, 12)
  .option("--drain <seconds>", "time the pipeline has to drain after the last fault", positive, 90)
  .option("--outage-max <seconds>", "longest outage of a service", positive, OUTAGE_MAX_MS / 1000)
  .option("--parallel <number>", "runs at once, each on its own stack", positiveInteger, 1)
  .option("--stack <name>", "stack to run on; its services are stopped and killed", "faults")
  .addOption(new Option("--bug <name>", "plant a bug; the run must then fail").choices(bugNames))
  .option("--report", "write docs/reports/faults.md")
  .option("--keep", "keep logs and data even where the promise was kept")
  .option("--json", "print the outcomes as JSON")
  .option("--dry-run", "print the plans and exit")
  .action(main);

async function main(options: Options): Promise<void> {
  const plans = (options.seeds ?? [options.seed]).map((seed) => runOptions(seed, options));
  if (options.dryRun) return plans.forEach(printPlan);
  const report = options.report && beginReport(reportDefinition);
  await using leased = await leaseStacks(options.stack, Math.min(options.parallel, plans.length));
  const outcomes = await runAll(plans, leased.stacks, { say, done: (outcome) => say(describeOutcome(outcome)) }, stop);
  process.stdout.write(`${options.json ? JSON.stringify(outcomes, undefined, 2) : `\n${summaryTable(outcomes)}`}\n`);
  if (report) say(`Wrote ${await report.write(findings(outcomes))}`);
  if (!outcomes.every(isKept)) process.exitCode = 1;
}

const reportDefinition = {
  name: "faults",
  title: "Fault injection",
  page: "docs/reliability.md",
  script: "faults",
  paths: [...pipelinePaths, "packages/faults/src"],
};

function runOptions(seed: number, { minutes, rate, faults, drain, outageMax, bug, keep }: Options): RunOptions {
  return {
    seed,
    loadMs: Math.round(minutes * 60_000),
    ratePerS: rate,
    faults,
    drainMs: drain * 1000,
    outageMaxMs: outageMax * 1000,
    keep: keep === true,
    ...(bug && { bug }),
  };
}

function printPlan({ seed, loadMs, faults, outageMaxMs }: RunOptions): void {
  process.stdout.write(`Seed ${seed}\n`);
  for (const fault of planFaults(seed, loadMs, faults, outageMaxMs)) {
    process.stdout.write(`${(fault.atMs / 1000).toFixed(1).padStart(8)} s  ${describeFault(fault)}\n`);
  }
}

await runCommand(program, stop);
