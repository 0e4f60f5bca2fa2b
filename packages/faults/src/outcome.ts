import type { ProcessName } from "@millrace/stack";
import type { BugName } from "./bugs/bugs.ts";
import type { Injected } from "./inject.ts";
import type { Discrepancies } from "./reconcile.ts";
import type { ExplainedStall } from "./stall.ts";
import type { Crash } from "./supervisor.ts";

/** All that one run showed. */
export interface RunOutcome extends Discrepancies {
  seed: number;
  bug?: BugName;
  published: number;
  acknowledged: number;
  rows: number;
  documents: number;
  /** What was left when the drain timed out; absent if nothing was. */
  hung?: string;
  drainMs: number;
  /** The longest time in which there was something to store and nothing was stored. */
  stall: ExplainedStall;
  /** Texts that were embedded more often than they were published. */
  embeddedAgain: number;
  embeddedAgainShare: number;
  restarts: number;
  crashes: readonly Crash[];
  peakBytes: Partial<Record<ProcessName, number>>;
  faults: readonly Injected[];
  logDirectory: string;
}

/** Whether the promise was kept, and no process ended by a bug: an outage must not become a crash. */
export function isKept(outcome: RunOutcome): boolean {
  const { vanished, crashes, missingRows, missingDocuments, doubledRows, doubledDocuments, wrong, hung } = outcome;
  const groups = [vanished, crashes, missingRows, missingDocuments, doubledRows, doubledDocuments, wrong];
  return hung === undefined && groups.every(({ length }) => length === 0);
}

/** What a run came to, in numbers; the promise is kept where all but the first three are 0. */
export function countsOf(outcome: RunOutcome) {
  const { vanished, missingRows, missingDocuments, doubledRows, doubledDocuments } = outcome;
  return {
    faults: outcome.faults.length,
    restarts: outcome.restarts,
    published: outcome.published,
    missing: new Set([...vanished, ...missingRows, ...missingDocuments]).size,
    doubled: new Set([...doubledRows, ...doubledDocuments]).size,
    wrong: outcome.wrong.length,
    hung: outcome.hung === undefined ? 0 : 1,
    crashed: outcome.crashes.length,
  };
}

export function totalsOf(outcomes: readonly RunOutcome[]): ReturnType<typeof countsOf> {
  const all = outcomes.map(countsOf);
  const sum = (name: keyof ReturnType<typeof countsOf>): number =>
    all.reduce((total, counts) => total + counts[name], 0);
  return {
    ...{ faults: sum("faults"), restarts: sum("restarts"), published: sum("published"), missing: sum("missing") },
    ...{ doubled: sum("doubled"), wrong: sum("wrong"), hung: sum("hung"), crashed: sum("crashed") },
  };
}
