import { type Milestone, milestones, type Progress } from "@millrace/stage";

/** The time between two milestones that follow each other on a message's way. */
export interface Duration {
  from: Milestone;
  to: Milestone;
  ms: number;
}

export function durationsOf(progress: Progress): Duration[] {
  const reached = reachedOf(progress);
  return reached.slice(1).map(([to, atMs], index) => {
    const [from, fromMs] = reached[index] ?? [to, atMs];
    // A message may be ingested before its publisher has heard that Kafka took it, and clocks differ.
    return { from, to, ms: Math.max(0, atMs - fromMs) };
  });
}

export function timesOf(progress: Progress): Partial<Record<Milestone, string>> {
  return Object.fromEntries(reachedOf(progress).map(([milestone, atMs]) => [milestone, new Date(atMs).toISOString()]));
}

/** The last milestone on the way that was reached. */
export function lastOf(progress: Progress): Milestone | undefined {
  return reachedOf(progress).at(-1)?.[0];
}

/** In the order of the way, not of the clocks. */
function reachedOf(progress: Progress): [Milestone, number][] {
  return milestones.flatMap((milestone) => {
    const atMs = progress[milestone];
    return atMs === undefined ? [] : [[milestone, atMs] as [Milestone, number]];
  });
}
