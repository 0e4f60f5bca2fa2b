import { markdownTable } from "../packages/testbed/src/index.ts";
import type { Section } from "./bench.ts";
import { cell, type Row } from "./table.ts";

/** A goal of the pipeline: the median of each matching row is within a bound. */
interface Goal {
  name: string;
  /** The beginning of the section's title. */
  section: string;
  rows?: RegExp;
  measure: string;
  atLeast?: number;
  atMost?: number;
  unit?: string;
}

const throughput = { rows: /^pipeline/ };
const latency = { section: "publish → stored", rows: / 100 messages\/s$/, unit: "ms" };

export const goals: readonly Goal[] = [
  {
    ...throughput,
    name: "throughput, HNSW, of the JSON ceiling",
    section: "hnsw: throughput",
    measure: "of the JSON ceiling",
    atLeast: 0.9,
  },
  {
    ...throughput,
    name: "throughput, HNSW, of the SMILE ceiling",
    section: "hnsw: throughput",
    measure: "of the SMILE ceiling",
    atLeast: 0.9,
  },
  {
    ...throughput,
    name: "throughput, flat, of the JSON ceiling",
    section: "flat: throughput",
    measure: "of the JSON ceiling",
    atLeast: 1,
  },
  {
    ...throughput,
    name: "throughput, flat, of the SMILE ceiling",
    section: "flat: throughput",
    measure: "of the SMILE ceiling",
    atLeast: 0.6,
  },
  {
    name: "processor time per message, 1,536 dimensions, flat",
    section: "flat: processor time",
    measure: "ingest + embed + sink",
    atMost: 120,
    unit: "µs",
  },
  {
    name: "processor time per message, local provider, 256 dimensions",
    section: "local provider, 256 dimensions: processor time",
    measure: "ingest + embed + sink",
    atMost: 80,
    unit: "µs",
  },
  {
    name: "messages per request to the API",
    section: "flat: requests and memory",
    measure: "messages a request",
    atLeast: 100,
  },
  ...["ingest", "embed", "sink"].map((stage) => ({
    name: `peak memory of ${stage} under a backlog`,
    section: "flat: requests and memory",
    measure: `peak RSS of ${stage}, MB`,
    atMost: 200,
    unit: "MB",
  })),
  { name: "paid twice after `kill -9` of embed", section: "embeddings paid twice", measure: "%", atMost: 1, unit: "%" },
  { ...latency, name: "publish → stored, 100 messages/s, median", measure: "p50", atMost: 180 },
  { ...latency, name: "publish → stored, 100 messages/s, 99th percentile", measure: "p99", atMost: 300 },
  {
    name: "token budget used",
    section: "a limit of",
    measure: "of the budget used, %",
    atLeast: 95,
    unit: "%",
  },
  { name: "429 after the first minute", section: "a limit of", measure: "429 after it", atMost: 0 },
  {
    name: "rate of 2 embed processes",
    section: "embed processes",
    rows: /^2 /,
    measure: "times one process",
    atLeast: 1.9,
    unit: "× one process",
  },
  {
    name: "rate of 4 embed processes",
    section: "embed processes",
    rows: /^4 /,
    measure: "times one process",
    atLeast: 3.7,
    unit: "× one process",
  },
];

/** A Markdown table of the goals that were measured: a line each, with every row that it is about. */
export function goalTable(sections: readonly Section[]): string {
  const lines = goals.flatMap((goal) => {
    const rows = rowsOf(goal, sections);
    return rows.length === 0 ? [] : [lineOf(goal, rows)];
  });
  return markdownTable([["measure", "goal", "figure", ""], ...lines]);
}

function rowsOf({ section, rows: pattern = /^/, measure }: Goal, sections: readonly Section[]): Row[] {
  const rows = sections.filter(({ title }) => title.startsWith(section)).flatMap((each) => each.rows);
  return rows.filter(({ name, measures }) => pattern.test(name) && measures[measure] !== undefined);
}

function lineOf({ name, measure, atLeast, atMost, unit = "" }: Goal, rows: readonly Row[]): string[] {
  const bound = atLeast === undefined ? `≤ ${atMost}` : `≥ ${atLeast}`;
  const medians = rows.map(({ measures }) => measures[measure]?.median ?? Number.NaN);
  const isReached = medians.every((median) => median >= (atLeast ?? -Infinity) && median <= (atMost ?? Infinity));
  const figures = rows.map((row) => `${cell(row.measures[measure])}${rows.length > 1 ? ` (${row.name})` : ""}`);
  return [name, `${bound} ${unit}`.trim(), figures.join("; "), isReached ? "reached" : "**not reached**"];
}
