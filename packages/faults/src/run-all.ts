import type { Stack } from "@millrace/stack";
import { allOrFirstFailure } from "./inject.ts";
import type { RunOutcome } from "./outcome.ts";
import { run } from "./run.ts";
import type { RunOptions } from "./run-options.ts";

export interface Listener {
  /** Takes a line of progress. */
  say(line: string): void;
  done(outcome: RunOutcome): void;
}

/** Makes all runs, as many at once as there are stacks, and returns their outcomes in order. After a failure no run begins. */
export async function runAll(
  plans: readonly RunOptions[],
  stacks: readonly Stack[],
  listener: Listener,
  stop: AbortSignal,
): Promise<RunOutcome[]> {
  const remaining = plans.entries();
  const outcomes: RunOutcome[] = [];
  let failed = false;
  const work = async (stack: Stack): Promise<void> => {
    for (const [index, plan] of remaining) {
      if (failed) return;
      listener.say(`\nRun ${index + 1} of ${plans.length}: seed ${plan.seed}${plan.bug ? `, ${plan.bug}` : ""}`);
      const say = (line: string): void =>
        listener.say(stacks.length > 1 ? `${line.padEnd(60)}  seed ${plan.seed}` : line);
      const outcome = await run(plan, stack, say, stop).catch((error: unknown) => {
        failed = true;
        throw error;
      });
      outcomes[index] = outcome;
      listener.done(outcome);
    }
  };
  await allOrFirstFailure(stacks.map(work));
  return outcomes;
}
