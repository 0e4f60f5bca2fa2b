import { setMaxListeners } from "node:events";
import { describeCause } from "@millrace/shared";
import { lease, StackError } from "@millrace/stack";
import { Command, InvalidArgumentError, Option } from "commander";
import { type BugName, bugNames } from "./bugs/bugs.ts";
import { describeOutcome, table, totals, writeReport } from "./report.ts";
import { isKept, type Outcome, type RunOptions, run } from "./run.ts";
import { describeFault, OUTAGE_MAX_MS, planFaults } from "./schedule.ts";

interface Options {
  seed: number;
  seeds?: number[];
  minutes: number;
  rate: number;
  faults: number;
  drain: number;
  outageMax: number;
  stack: string;
  bug?: BugName;
  json?: true;
  dryRun?: true;
  keep?: true;
  report?: string;
}

const EXIT_INTERRUPTED = 130;
/** Two services with a heap of this size and the pipeline fit a machine that does other things too. */
const HEAPS_MB = { MILLRACE_OPENSEARCH_HEAP_MB: "512", MILLRACE_KAFKA_HEAP_MB: "384" };

const say = (line: string): void => void process.stderr.write(`${line}\n`);
const stop = stopSignal();

const program = new Command("faults")
  .description(
    "Runs the pipeline on real services under a steady load, breaks it by a plan that the seed repeats, and compares " +
      "what Kafka, PostgreSQL and OpenSearch hold at the end. Exit code 0: nothing missing, doubled, wrong or hung.",
  )
  .option("--seed <number>", "the plan to follow", wholeNumber, 1)
  .option("--seeds <from-to>", "several plans, one after the other, such as 1-20", range)
  .option("--minutes <number>", "how long the load lasts", positive, 2)
  .option("--rate <number>", "messages a second", positive, 50)
  .option("--faults <number>", "faults of a run; 9 at least", wholeNumber, 12)
  .option("--drain <seconds>", "how long the rest may take after the last fault", positive, 90)
  .option("--outage-max <seconds>", "how long a service is stopped at the most", positive, OUTAGE_MAX_MS / 1000)
  .option("--stack <name>", "the stack to run on; its services are stopped and killed", "faults")
  .addOption(new Option("--bug <name>", "plant a bug, which must be found").choices(bugNames))
  .option("--report <file>", "write the table between the markers of a Markdown file")
  .option("--keep", "keep the logs and the data of a run that kept the promise too")
  .option("--json", "print the outcomes as JSON")
  .option("--dry-run", "print the plans and do nothing")
  .action(main);

try {
  await program.parseAsync();
} catch (error) {
  if (!stop.aborted) say(error instanceof StackError ? error.message : inFull(error));
  process.exitCode = stop.aborted ? EXIT_INTERRUPTED : 2;
}

async function main(options: Options): Promise<void> {
  const plans = (options.seeds ?? [options.seed]).map((seed) => runOptions(seed, options));
  if (options.dryRun) return plans.forEach(printPlan);
  for (const [name, value] of Object.entries(HEAPS_MB)) process.env[name] ??= value;
  await using stack = await lease({ name: options.stack, onProgress: say });
  const outcomes: Outcome[] = [];
  for (const plan of plans) {
    say(`\nSeed ${plan.seed}`);
    const outcome = await run(plan, stack, say, stop);
    outcomes.push(outcome);
    (options.json ? process.stderr : process.stdout).write(`${describeOutcome(outcome)}\n`);
  }
  if (options.json) process.stdout.write(`${JSON.stringify(outcomes, undefined, 2)}\n`);
  else process.stdout.write(`\n${totals(outcomes)}\n`);
  // A planted bug has a section of its own, such as `faults:drop-on-429`.
  const section = options.bug ? `faults:${options.bug}` : "faults";
  if (options.report) await writeReport(options.report, section, table(outcomes, commandLine(), totals(outcomes)));
  if (!outcomes.every(isKept)) process.exitCode = 1;
}

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

/** As a reader can repeat it, without the place of the report. */
function commandLine(): string {
  const given = process.argv.slice(2);
  const report = given.indexOf("--report");
  if (report >= 0) given.splice(report, 2);
  return `npm run faults -- ${given.join(" ")}`;
}

function stopSignal(): AbortSignal {
  const stopping = new AbortController();
  // The load and every fault wait on it.
  setMaxListeners(0, stopping.signal);
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      if (stopping.signal.aborted) process.exit(EXIT_INTERRUPTED);
      say("\nStopping …");
      stopping.abort();
    });
  }
  return stopping.signal;
}

function wholeNumber(text: string): number {
  if (/^-?\d{1,9}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("It is no whole number.");
}

function positive(text: string): number {
  const number = Number(text);
  if (number > 0 && number < 1e6) return number;
  throw new InvalidArgumentError("It is no positive number.");
}

function range(text: string): number[] {
  const [, from, to] = /^(\d{1,9})-(\d{1,9})$/.exec(text) ?? [];
  const first = Number(from);
  const last = Number(to);
  if (last >= first && last - first < 1_000)
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  throw new InvalidArgumentError("It is no range such as 1-20.");
}

/** A bug keeps its stack trace. */
function inFull(error: unknown): string {
  return error instanceof Error ? (error.stack ?? describeCause(error)) : describeCause(error);
}
