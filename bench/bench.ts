import type { Stack } from "../packages/stack/src/index.ts";
import type { Row } from "./table.ts";
import type { Texts } from "./texts.ts";

/** The options of every scenario. */
export interface Bench {
  stack: Stack;
  texts: Texts;
  /** Messages of a backlog. */
  messages: number;
  /** Runs per measurement; the report has the median and the range. */
  runs: number;
  /** Concurrencies of bulk requests to try for the ceiling; the best counts. */
  concurrencies: readonly number[];
  /** Where the processes write their CPU profiles. */
  profileDirectory?: string;
  say(line: string): void;
}

/** One table of the report. */
export interface Section {
  title: string;
  /** Title of the row names. */
  rowTitle: string;
  rows: Row[];
}

export type Scenario = (bench: Bench) => Promise<Section[]>;

/** The default dimensions of text-embedding-3-small. */
export const DIMENSIONS = 1_536;
