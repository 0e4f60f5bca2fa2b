import type { Stack } from "../packages/stack/src/index.ts";
import type { Row } from "./table.ts";
import type { Texts } from "./texts.ts";

/** What every scenario is given. */
export interface Bench {
  stack: Stack;
  texts: Texts;
  /** Messages of a backlog. */
  messages: number;
  /** How often each measurement is made; the report has the median, and between what it lay. */
  runs: number;
  /** How many bulk requests at once are tried for the ceiling; the best counts. */
  concurrencies: readonly number[];
  /** Where the processes leave their CPU profiles. */
  profileDirectory?: string;
  say(line: string): void;
}

/** One table of the report. */
export interface Section {
  title: string;
  /** What the rows are. */
  rowTitle: string;
  rows: Row[];
}

export type Scenario = (bench: Bench) => Promise<Section[]>;

/** The model that the benchmark asks for: text-embedding-3-small's own dimensions. */
export const DIMENSIONS = 1_536;
