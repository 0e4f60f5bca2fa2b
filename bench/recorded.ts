import { readFile, writeFile } from "node:fs/promises";
import type { Section } from "./bench.ts";

/** Ratios to the ceiling of the same run, by what was measured. They hold on other machines; rates do not. */
export type Ratios = Record<string, number>;

/** The ratios that `--quick` gave when they were last recorded. */
export const recordedFile = new URL("recorded.json", import.meta.url);

/** A fall by more than this is a failure: less is noise. */
const FALL_MAX = 1 / 3;

export function ratiosOf(sections: readonly Section[]): Ratios {
  return Object.fromEntries(
    sections.flatMap(({ title, rows }) =>
      rows.flatMap(({ name, measures }) =>
        Object.entries(measures)
          .filter(([measure]) => measure.startsWith("of the"))
          .map(([measure, { median }]) => [`${title}, ${name}, ${measure}`, Number(median.toPrecision(2))]),
      ),
    ),
  );
}

/** What fell too far, each in words; what is not measured any more fell, too. */
export function falls(recorded: Ratios, measured: Ratios): string[] {
  return Object.entries(recorded).flatMap(([name, before]) => {
    const now = measured[name];
    if (now === undefined) return [`${name}: not measured; recorded: ${before}`];
    return now < before * (1 - FALL_MAX) ? [`${name}: ${now}; recorded: ${before}`] : [];
  });
}

export async function readRecorded(): Promise<Ratios> {
  return JSON.parse(await readFile(recordedFile, "utf8"));
}

export async function record(ratios: Ratios): Promise<void> {
  await writeFile(recordedFile, `${JSON.stringify(ratios, undefined, 2)}\n`);
}
