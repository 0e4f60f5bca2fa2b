import { type HistoryPoint, type Snapshot, type Stage, type StageSnapshot, stages } from "./contract.ts";

/** Points are this far apart, and kept for so long. */
const STEP_MS = 2_000;
const KEPT_MS = 600_000;
/** After a longer time in which nobody looked, the lines are interrupted. */
const GAP_MS = 10_000;

/**
 * Adds a point where the last one is old enough, and forgets those of more than ten minutes ago; returns the same history
 * where it does not.
 */
export function extendHistory(history: readonly HistoryPoint[], snapshot: Snapshot): readonly HistoryPoint[] {
  const last = history.at(-1);
  // Snapshots come about once a second: half of one is what they may be early.
  if (last && snapshot.atMs - last.atMs < STEP_MS - 500) return history;
  const gap = last && snapshot.atMs - last.atMs > GAP_MS ? [nothingAt(last.atMs + STEP_MS)] : [];
  const kept = [...history, ...gap].filter(({ atMs }) => snapshot.atMs - atMs < KEPT_MS);
  return [...kept, pointOf(snapshot)];
}

function nothingAt(atMs: number): HistoryPoint {
  const unknown = { ingest: null, embed: null, sink: null };
  return { atMs, rates: unknown, lags: unknown, latencies: {} };
}

function pointOf({ atMs, stages: snapshots, api }: Snapshot): HistoryPoint {
  const ofEach = <Value>(read: (stage: StageSnapshot) => Value) =>
    Object.fromEntries(stages.map((stage) => [stage, read(snapshots[stage])])) as Record<Stage, Value>;
  const operations = [api, ...Object.values(snapshots)].flatMap(({ latencies }) => Object.entries(latencies));
  return {
    atMs,
    rates: ofEach(({ rate }) => rate),
    lags: ofEach(({ lag }) => lag && totalLag(lag)),
    latencies: Object.fromEntries(operations.flatMap(([name, { recent }]) => (recent ? [[name, recent]] : []))),
  };
}

function totalLag(lag: NonNullable<StageSnapshot["lag"]>): number {
  return Object.values(lag).reduce<number>((sum, each) => sum + (each ?? 0), 0);
}
