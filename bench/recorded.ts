import { readFile, writeFile } from "node:fs/promises";
import { headerOf, type Measurement } from "../packages/testbed/src/index.ts";
import type { Section } from "./bench.ts";

/** Ratios to the ceiling of the same run, by subject and measure. They hold on other machines; rates do not. */
export type Ratios = Record<string, number>;

/** What a run of `--quick` is compared with: the ratios of an earlier one, and where they were measured. */
const recordedFile = new URL("recorded.json", import.meta.url);

/** A fall by more than this is a failure; less is noise. */
const FALL_MAX = 1 / 3;

export function ratiosOf(sections: readonly Section[]): Ratios {
  return Object.fromEntries(
    sections.flatMap(({ title, rows }) =>
      rows.flatMap(({ name, measures }) =>
        Object.entries(measures)
          .filter(([measure]) => measure.startsWith("of the"))
          .map(([measure, { median }]) => [`${title}, ${name}, ${measure}`, Number(median.toFixed(3))]),
      ),
    ),
  );
}

/** What fell too far, each in words; so is a ratio that was not measured. */
export function falls(recorded: Ratios, measured: Ratios): string[] {
  return Object.entries(recorded).flatMap(([name, before]) => {
    const now = measured[name];
    if (now === undefined) return [`${name}: not measured; recorded: ${before}`];
    return now < before * (1 - FALL_MAX) ? [`${name}: ${now}; recorded: ${before}`] : [];
  });
}

export async function readRecorded(): Promise<Ratios> {
  return JSON.parse(await readFile(recordedFile, "utf8")).ratios;
}

/** Begins when the measurement begins: the commit is that of this moment. Returns what writes the ratios. */
export function beginRecord(measurement: Measurement): (ratios: Ratios) => Promise<void> {
  const header = headerOf(measurement);
  return (ratios) => writeFile(recordedFile, `${JSON.stringify({ ...header, ratios }, undefined, 2)}\n`);
}
