import type { Action } from "./actions.ts";
import { type BackoffSettings, backoffDelayMs, delay } from "./backoff.ts";
import type { Failure, PoisonFault, RetryableFault, Split } from "./fault.ts";
import type { Health } from "./health.ts";
import type { Log } from "./log.ts";

/** What an operation needs to wait for a dependency, and to do so visibly. */
export interface Patience {
  log: Log;
  health: Health;
  backoff: BackoffSettings;
  /** Aborted when the process must exit now: pending operations reject, and their offsets stay uncommitted. */
  hardStop: AbortSignal;
}

export interface Operation {
  /** The service's name in `/health`, such as `opensearch`. */
  dependency: string;
  action: Action;
  /** Awaited before each attempt and not part of its duration, such as waiting for a turn. */
  before?: () => Promise<void>;
}

export interface Settled<Done, Input = Done> {
  done: Done[];
  poison: Failure<Input, PoisonFault>[];
}

/**
 * Repeats an operation on the items with retryable faults until each item is either done or proven poison.
 *
 * Only this function decides by the kind of a fault. It has no limit on attempts: an outage of any length dead-letters
 * nothing.
 */
export async function settle<Done, Input>(
  items: readonly Input[],
  operation: Operation,
  attempt: (items: readonly Input[], signal: AbortSignal) => Promise<Split<Done, Input>>,
  patience: Patience,
): Promise<Settled<Done, Input>> {
  const settled: Settled<Done, Input> = { done: [], poison: [] };
  let remaining = items;
  for (let attempts = 0; remaining.length > 0; attempts++) {
    await operation.before?.();
    const startedAt = performance.now();
    const split = await watched(operation, () => attempt(remaining, patience.hardStop), patience);
    const waiting: { item: Input; fault: RetryableFault }[] = [];
    for (const item of split.done) settled.done.push(item);
    for (const { item, fault } of split.failed) {
      switch (fault.kind) {
        case "poison":
          settled.poison.push({ item, fault });
          break;
        case "retryable":
          waiting.push({ item, fault });
          break;
        default:
          fault satisfies never;
      }
    }
    patience.log.record(operation.action, waiting.length > 0 ? "retry" : "ok", performance.now() - startedAt, {
      dependency: operation.dependency,
      items: remaining.length,
      ...(settled.poison.length > 0 && { poison: settled.poison.length }),
      ...(attempts > 0 && { attempt: attempts + 1 }),
      ...(waiting[0] && { waiting: waiting.length, code: waiting[0].fault.code, cause: waiting[0].fault.cause }),
    });
    if (waiting[0]) await pause(attempts, operation.dependency, waiting[0].fault, patience);
    else patience.health.working(operation.dependency);
    remaining = waiting.map(({ item }) => item);
  }
  return settled;
}

/** Repeats an all-or-nothing operation until it succeeds. */
export async function retryUntilDone<Value>(
  operation: Operation,
  attempt: (signal: AbortSignal) => Promise<{ value: Value } | { fault: RetryableFault }>,
  patience: Patience,
): Promise<Value> {
  const { done } = await settle<Value, null>(
    [null],
    operation,
    async (_, signal) => {
      const outcome = await attempt(signal);
      return "fault" in outcome
        ? { done: [], failed: [{ item: null, fault: outcome.fault }] }
        : { done: [outcome.value], failed: [] };
    },
    patience,
  );
  return done[0] as Value;
}

/** Registers the attempt as running, so that its age is visible. */
async function watched<Value>(
  { action, dependency }: Operation,
  attempt: () => Promise<Value>,
  { log }: Patience,
): Promise<Value> {
  const end = log.operations.begin(action, dependency);
  try {
    return await attempt();
  } finally {
    end();
  }
}

async function pause(attempts: number, dependency: string, fault: RetryableFault, patience: Patience): Promise<void> {
  patience.log.operations.retried(dependency, fault.code);
  patience.health.waiting(dependency, fault.cause);
  await delay(backoffDelayMs(attempts, patience.backoff, fault.retryAfterMs), patience.hardStop);
}
