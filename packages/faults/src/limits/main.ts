// Peak memory of every process where the input is as bad as it gets.
//   npm run limits -- --help
import { lease, textTable } from "@millrace/stack";
import { beginReport, markdownTable, pipelinePaths } from "@millrace/testbed";
import { Command } from "commander";
import { positiveInteger, runCommand, say, stopOnSignals } from "../command.ts";
import { measure, type Result } from "./measure.ts";
import { scenarios } from "./scenarios.ts";

/** No process may need more. */
const MEMORY_MAX_MB = 300;

interface Options {
  seconds: number;
  messages: number;
  only?: number;
  stack: string;
  json?: true;
  report?: true;
}

const program = new Command("limits")
  .description(
    `Measures the peak memory of every process under a large backlog, messages of 1 MB, and a slow store. Exit code 0: no process exceeded ${MEMORY_MAX_MB} MB.`,
  )
  .option("--seconds <number>", "how long to watch each scenario", positiveInteger, 60)
  .option("--messages <number>", "messages in the large backlog", positiveInteger, 1_000_000)
  .option("--only <number>", "run one scenario, 1 to 3", positiveInteger)
  .option("--stack <name>", "stack to run on, started if needed", "limits")
  .option("--report", "write docs/reports/limits.md")
  .option("--json", "print the results as JSON")
  .action(main);

async function main({ seconds, messages, only, stack: name, json, report: isReporting }: Options): Promise<void> {
  const report = isReporting && beginReport(reportDefinition);
  await using stack = await lease({ name, onProgress: say });
  const results: Result[] = [];
  const chosen = scenarios(messages).filter((_, index) => only === undefined || only === index + 1);
  for (const scenario of chosen) results.push(await measure(scenario, seconds, stack, say));
  const rows = [headings, ...results.map(cellsOf)];
  process.stdout.write(`${json ? JSON.stringify(results) : textTable(rows, "left", "right").join("\n")}\n`);
  const peakMb = Math.max(...results.flatMap(({ peakMegabytes }) => Object.values(peakMegabytes)));
  if (report) {
    const summary = `**The highest peak was ${peakMb} MB; the limit is ${MEMORY_MAX_MB} MB.**`;
    say(
      `Wrote ${await report.write({ summary: `${summary}\n\n${markdownTable(rows, "left", "right")}`, body: notes })}`,
    );
  }
  if (peakMb > MEMORY_MAX_MB) process.exitCode = 1;
}

const reportDefinition = {
  name: "limits",
  title: "Memory at the limits",
  page: "docs/reliability.md",
  script: "limits",
  paths: [...pipelinePaths, "packages/faults/src/limits"],
};

const notes =
  "The peak resident memory (`VmHWM`) of each process, in MB. *Recorded* counts the messages that had a row when the time was up.";
const processNames = ["ingest", "embed", "sink", "api"] as const;
const headings = ["input", "messages", "recorded", ...processNames];

function cellsOf({ scenario, messages, recorded, seconds, peakMegabytes }: Result): string[] {
  const peaks = processNames.map((name) => `${peakMegabytes[name] ?? "?"} MB`);
  return [scenario, String(messages), `${recorded} in ${seconds} s`, ...peaks];
}

await runCommand(program, stopOnSignals());
