import { textTable } from "@millrace/stack";
import { type Findings, markdownTable } from "@millrace/testbed";
import { countsOf, isKept, type RunOutcome, totalsOf } from "./outcome.ts";
import { lengthMs } from "./stall.ts";

const IDS_SHOWN = 20;

/** Describes one run: its figures and, if the promise was broken, everything needed to investigate it. */
export function describeOutcome(outcome: RunOutcome): string {
  const { rows, documents, embeddedAgain, embeddedAgainShare, restarts, acknowledged, stall } = outcome;
  const { published, missing, doubled, wrong } = countsOf(outcome);
  const lines = [
    `${isKept(outcome) ? "KEPT" : "BROKEN"}: seed ${outcome.seed}${outcome.bug ? `, planted bug ${outcome.bug}` : ""}`,
    `  published ${published} (${acknowledged} acknowledged), rows ${rows}, documents ${documents}`,
    `  missing ${missing}, doubled ${doubled}, wrong ${wrong}`,
    `  drained in ${seconds(outcome.drainMs)} s, longest stall ${seconds(lengthMs(stall))} s, ${restarts} restarts`,
    ...(stall.during.length > 0 ? [`  the stall overlapped: ${stall.during.join(", ")}`] : []),
    `  embedded again ${embeddedAgain} (${percent(embeddedAgainShare)}), peak memory: ${peakMemory(outcome)}`,
    ...outcome.crashes.map(
      ({ name, index, code, signal, atMs, log }) =>
        `  ${name}-${index} crashed after ${seconds(atMs)} s with ${signal ?? `exit code ${code}`}: ${log}`,
    ),
  ];
  return isKept(outcome) ? lines.join("\n") : [...lines, ...failure(outcome)].join("\n");
}

function failure(outcome: RunOutcome): string[] {
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
    `  process logs: ${outcome.logDirectory}`,
  ];
}

const headings = [
  ...["seed", "faults", "restarts", "published", "missing", "doubled", "wrong", "hung", "crashed"],
  ...["longest stall", "resumed after"],
];

function cellsOf(outcome: RunOutcome): string[] {
  const { resumedAfterMs } = outcome.stall;
  return [
    String(outcome.seed),
    ...Object.values(countsOf(outcome)).map(String),
    `${seconds(lengthMs(outcome.stall))} s`,
    resumedAfterMs === undefined ? "" : `${seconds(resumedAfterMs)} s`,
  ];
}

/** A line for each run, and the totals, as text. */
export function summaryTable(outcomes: readonly RunOutcome[]): string {
  return [...textTable([headings, ...outcomes.map(cellsOf)], "right"), "", totals(outcomes)].join("\n");
}

const notes =
  "*Longest stall*: the longest time in which there was something to store and nothing was stored. *Resumed after*: from the last remedy of " +
  "that time until something was stored. A stopped service is away until it has started again. *Embedded again*: the share of texts that " +
  "the embeddings API embedded more than once. *Peak memory*: of the largest process of each kind.";

/** A line for each run, with what explains its longest stall. */
export function findings(outcomes: readonly RunOutcome[]): Findings {
  const rows = outcomes.map((outcome) => [
    ...cellsOf(outcome),
    outcome.stall.during.join(", "),
    percent(outcome.embeddedAgainShare),
    peakMemory(outcome),
  ]);
  const titles = [...headings, "faults during that stall", "embedded again", "peak memory"];
  const alignments = [...headings.map(() => "right" as const), "left", "right", "left"] as const;
  return {
    summary: `**${totals(outcomes)}**`,
    body: `${markdownTable([titles, ...rows], ...alignments)}\n\n${notes}`,
  };
}

export function totals(outcomes: readonly RunOutcome[]): string {
  const { faults, restarts, published, missing, doubled, wrong, hung, crashed } = totalsOf(outcomes);
  const longestMs = Math.max(0, ...outcomes.map(({ stall }) => lengthMs(stall)));
  return (
    `${outcomes.filter(isKept).length} of ${outcomes.length} runs kept the promise: ${faults} faults, ${restarts} restarts, ` +
    `${published} messages, ${missing} missing, ${doubled} doubled, ${wrong} wrong, ${hung} hung, ${crashed} crashed; ` +
    `longest stall ${seconds(longestMs)} s.`
  );
}

function peakMemory({ peakBytes }: RunOutcome): string {
  const peaks = Object.entries(peakBytes).map(([name, bytes]) => `${name} ${(bytes / 1_048_576).toFixed(0)}`);
  return `${peaks.join(", ")} MB`;
}

function seconds(ms: number): string {
  return (ms / 1_000).toFixed(1);
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
