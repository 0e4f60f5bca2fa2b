import { markdownTable } from "../packages/testbed/src/index.ts";

export interface Spread {
  median: number;
  min: number;
  max: number;
}

/** A line of a table: the measures of one subject, by name. */
export interface Row {
  name: string;
  measures: Record<string, Spread>;
}

/** The median, the lowest and the highest of each measure over several rounds. */
export function spread<Measures extends object>(rounds: readonly Measures[]): Record<string, Spread> {
  const [first] = rounds;
  const names = Object.keys(first ?? {}) as (keyof Measures & string)[];
  return Object.fromEntries(names.map((name) => [name, spreadOf(rounds.map((round) => Number(round[name])))]));
}

function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((left, right) => left - right);
  const [min = 0] = sorted;
  return { median: sorted[Math.floor(sorted.length / 2)] ?? 0, min, max: sorted.at(-1) ?? 0 };
}

/** Collects the measurements of several rounds by subject, in the order in which the subjects came. */
export class Rounds<Measures extends object> {
  #rounds = new Map<string, Measures[]>();

  add(name: string, measures: Measures): void {
    this.#rounds.set(name, [...(this.#rounds.get(name) ?? []), measures]);
  }

  get rows(): Row[] {
    return [...this.#rounds].map(([name, rounds]) => ({ name, measures: spread(rounds) }));
  }
}

/** A Markdown table: one line per row, one column per measure. */
export function table(title: string, rows: readonly Row[]): string {
  const names = [...new Set(rows.flatMap(({ measures }) => Object.keys(measures)))];
  const lines = rows.map(({ name, measures }) => [name, ...names.map((measure) => cell(measures[measure]))]);
  return `${markdownTable([[title, ...names], ...lines])}\n`;
}

/** The median, with the minimum and maximum if they differ; empty without a measurement. */
export function cell(value: Spread | undefined): string {
  if (value === undefined) return "";
  const { median, min, max } = value;
  return min === max ? figure(median) : `${figure(median)} (${figure(min)}–${figure(max)})`;
}

/** About three significant digits. */
function figure(value: number): string {
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return value.toLocaleString("en", { maximumFractionDigits: digits });
}
