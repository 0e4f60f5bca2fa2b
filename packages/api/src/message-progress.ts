import { type Milestone, milestones, type Progress } from "@millrace/stage";

/** The time between two consecutive milestones of a message. */
export interface Duration {
  from: Milestone;
  to: Milestone;
  ms: number;
}

export function durationsOf(progress: Progress): Duration[] {
  const reached = reachedOf(progress);
  return reached.slice(1).map(([to, atMs], index) => {
    const [from, fromMs] = reached[index] ?? [to, atMs];
    // Ingest may finish before the publisher receives Kafka's acknowledgement, and clocks differ.
    return { from, to, ms: Math.max(0, atMs - fromMs) };
  });
}

export function timesOf(progress: Progress): Partial<Record<Milestone, string>> {
  return Object.fromEntries(reachedOf(progress).map(([milestone, atMs]) => [milestone, new Date(atMs).toISOString()]));
}

/** The furthest milestone that the message reached. */
export function lastOf(progress: Progress): Milestone | undefined {
  return reachedOf(progress).at(-1)?.[0];
}

/** In pipeline order, not by timestamp. */
function reachedOf(progress: Progress): [Milestone, number][] {
  return milestones.flatMap((milestone) => {
    const atMs = progress[milestone];
    return atMs === undefined ? [] : [[milestone, atMs] as [Milestone, number]];
  });
}
