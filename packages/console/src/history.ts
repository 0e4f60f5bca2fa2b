import { type HistoryPoint, type Snapshot, type StageName, type StageSnapshot, stages } from "./contract.ts";

/** Interval and retention of points. */
const STEP_MS = 2_000;
const KEPT_MS = 600_000;
/** A longer time without snapshots interrupts the lines. */
const GAP_MS = 10_000;

/**
 * Adds a point if the last one is old enough, and drops points older than ten minutes. Otherwise returns the same
 * history.
 */
export function extendHistory(history: readonly HistoryPoint[], snapshot: Snapshot): readonly HistoryPoint[] {
  const last = history.at(-1);
  // Snapshots arrive about once a second and may be half a second early.
  if (last && snapshot.atMs - last.atMs < STEP_MS - 500) return history;
  const gap = last && snapshot.atMs - last.atMs > GAP_MS ? [gapAt(last.atMs + STEP_MS)] : [];
  const kept = [...history, ...gap].filter(({ atMs }) => snapshot.atMs - atMs < KEPT_MS);
  return [...kept, pointOf(snapshot)];
}

function gapAt(atMs: number): HistoryPoint {
  const unknown = { ingest: null, embed: null, sink: null };
  return { atMs, rates: unknown, lags: unknown, latencies: {} };
}

function pointOf({ atMs, stages: snapshots, api }: Snapshot): HistoryPoint {
  const ofEach = <Value>(read: (stage: StageSnapshot) => Value) =>
    Object.fromEntries(stages.map((stage) => [stage, read(snapshots[stage])])) as Record<StageName, Value>;
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
