import { readFile, writeFile } from "node:fs/promises";
import { isKept, type Outcome } from "./run.ts";

const IDS_SHOWN = 20;

/** One run in words: the figures, and where the promise was broken all that is needed to look into it. */
export function describeOutcome(outcome: Outcome): string {
  const { published, rows, documents, embeddedAgain, embeddedAgainShare, peakBytes, restarts } = outcome;
  const peaks = Object.entries(peakBytes).map(([name, bytes]) => `${name} ${megabytes(bytes)} MB`);
  const lines = [
    `${isKept(outcome) ? "KEPT" : "BROKEN"}: seed ${outcome.seed}${outcome.bug ? `, planted bug ${outcome.bug}` : ""}`,
    `  published ${published} (${outcome.acknowledged} acknowledged), rows ${rows}, documents ${documents}`,
    `  missing ${missing(outcome)}, doubled ${doubled(outcome)}, wrong ${outcome.wrong.length}`,
    `  drained in ${seconds(outcome.drainMs)} s, longest stall ${seconds(outcome.longestStallMs)} s, ${restarts} restarts`,
    `  embedded again ${embeddedAgain} (${percent(embeddedAgainShare)} %), peak memory: ${peaks.join(", ")}`,
    ...outcome.crashes.map(
      ({ name, index, code, signal, atMs, log }) =>
        `  ${name}-${index} ended by itself after ${seconds(atMs)} s with ${signal ?? `exit code ${code}`}: ${log}`,
    ),
  ];
  return isKept(outcome) ? lines.join("\n") : [...lines, ...failure(outcome)].join("\n");
}

function failure(outcome: Outcome): string[] {
  const { vanished, missingRows, missingDocuments, doubledRows, doubledDocuments, wrong } = outcome;
  const groups = { vanished, missingRows, missingDocuments, doubledRows, doubledDocuments, wrong };
  return [
    ...(outcome.hung ? [`  hung: ${outcome.hung}`] : []),
    ...Object.entries(groups).flatMap(([name, ids]) =>
      ids.length === 0 ? [] : [`  ${name} (${ids.length}): ${ids.slice(0, IDS_SHOWN).join(", ")}`],
    ),
    ...outcome.faults.map(
      ({ fault, startedAtMs, healedAtMs }) => `  from ${seconds(startedAtMs)} to ${seconds(healedAtMs)} s: ${fault}`,
    ),
    `  the logs of the processes: ${outcome.logDirectory}`,
  ];
}

/** The Markdown between the report's markers. */
export function table(outcomes: readonly Outcome[], command: string, totals: string): string {
  const header =
    "| seed | faults | restarts | published | rows | documents | missing | doubled | wrong | hung | longest stall | embedded again | peak memory |\n" +
    "| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |";
  const lines = outcomes.map((outcome) => {
    const peaks = Object.entries(outcome.peakBytes).map(([name, bytes]) => `${name} ${megabytes(bytes)}`);
    const cells = [
      outcome.bug ? `${outcome.seed} (${outcome.bug})` : outcome.seed,
      outcome.faults.length,
      outcome.restarts,
      outcome.published,
      outcome.rows,
      outcome.documents,
      missing(outcome),
      doubled(outcome),
      outcome.wrong.length,
      outcome.hung ? 1 : 0,
      `${seconds(outcome.longestStallMs)} s`,
      `${percent(outcome.embeddedAgainShare)} %`,
      `${peaks.join(", ")} MB`,
    ];
    return `| ${cells.join(" | ")} |`;
  });
  return ["```sh", command, "```", "", header, ...lines, "", totals].join("\n");
}

export function totals(outcomes: readonly Outcome[]): string {
  const sum = (count: (outcome: Outcome) => number): number =>
    outcomes.reduce((total, outcome) => total + count(outcome), 0);
  return (
    `${outcomes.filter(isKept).length} of ${outcomes.length} runs kept the promise: ${sum(({ faults }) => faults.length)} faults, ` +
    `${sum(({ published }) => published)} messages, ${sum(missing)} missing, ${sum(doubled)} doubled, ` +
    `${sum(({ wrong }) => wrong.length)} wrong, ${sum(({ hung }) => (hung ? 1 : 0))} hung.`
  );
}

/** Replaces what stands between the markers of the section, such as `<!-- faults:begin -->`, which the file must have. */
export async function writeReport(file: string, section: string, content: string): Promise<void> {
  await writeFile(file, withSection(await readFile(file, "utf8"), section, content));
}

export function withSection(text: string, section: string, content: string): string {
  const begin = `<!-- ${section}:begin -->`;
  const end = `<!-- ${section}:end -->`;
  const from = text.indexOf(begin);
  const to = text.indexOf(end);
  if (from < 0 || to < from) throw new Error(`the report has no ${begin} and ${end} to write between`);
  return `${text.slice(0, from + begin.length)}\n${content}\n${text.slice(to)}`;
}

function missing({ vanished, missingRows, missingDocuments }: Outcome): number {
  return new Set([...vanished, ...missingRows, ...missingDocuments]).size;
}

function doubled({ doubledRows, doubledDocuments }: Outcome): number {
  return new Set([...doubledRows, ...doubledDocuments]).size;
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(1);
}

function percent(share: number): string {
  return (share * 100).toFixed(1);
}

function megabytes(bytes: number): string {
  return (bytes / 1024 / 1024).toFixed(0);
}
