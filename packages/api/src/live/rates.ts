import { type Presence, type Stage, stages } from "@millrace/stage";

const WINDOW_MS = 10_000;

interface Reading {
  atMs: number;
  messages: number;
}

/** Messages per second of each stage, from the counts that its processes report every few seconds. */
export class Rates {
  #readings = new Map<string, Reading[]>();

  /** Null for a stage without a process that reported twice within the window. */
  read(presence: Readonly<Record<Stage, readonly Presence[]>>): Record<Stage, number | null> {
    const present = new Set<string>();
    const rates = stages.map((stage): [Stage, number | null] => {
      const known = presence[stage].flatMap((report) => {
        const key = `${stage}/${report.instance}/${report.startedAt}`;
        present.add(key);
        return this.#rateOf(key, report) ?? [];
      });
      return [stage, known.length === 0 ? null : known.reduce((sum, rate) => sum + rate, 0)];
    });
    for (const key of this.#readings.keys()) if (!present.has(key)) this.#readings.delete(key);
    return Object.fromEntries(rates) as Record<Stage, number | null>;
  }

  #rateOf(key: string, { reportedAt, messages }: Presence): number | undefined {
    const atMs = Date.parse(reportedAt);
    const readings = (this.#readings.get(key) ?? []).filter((reading) => atMs - reading.atMs <= WINDOW_MS);
    if (readings.at(-1)?.atMs !== atMs) readings.push({ atMs, messages });
    this.#readings.set(key, readings);
    const [first] = readings;
    if (!first || first.atMs === atMs) return undefined;
    return (messages - first.messages) / ((atMs - first.atMs) / 1_000);
  }
}
