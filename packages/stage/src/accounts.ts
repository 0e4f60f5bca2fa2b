import type { Action, Log, Message, Settled, Tracing } from "@millrace/shared";
import type { DeadLetters } from "./dead-letters.ts";
import type { Milestone, StageTracker } from "./tracking.ts";
import { Work } from "./work.ts";

export interface AccountEdges {
  deadLetters: DeadLetters;
  tracker: StageTracker;
  tracing: Tracing;
  log: Log;
}

export interface AccountOptions<Item extends Message> {
  /** Names the span and the line of the log. */
  action: Action;
  /** Reached by the messages that are done. */
  milestone: Milestone;
  /** Measures the messages that are done, for the line of the log. */
  measure?(done: readonly Item[]): Record<string, unknown>;
}

/**
 * The second half of the protocol that every stage follows. Once its work on some messages has ended: dead letters,
 * tracking, span, counts, log. The caller marks the record done after it, so that a crash in between repeats all of it.
 */
export class Accounts<Item extends Message = Message> {
  readonly done = new Work();
  #options: AccountOptions<Item>;
  #edges: AccountEdges;

  constructor(options: AccountOptions<Item>, edges: AccountEdges) {
    this.#options = options;
    this.#edges = edges;
  }

  /** @param bytes of the record that the messages were read from, or are written to */
  async settle(messages: readonly Item[], bytes: number, work: () => Promise<Settled<Item>>): Promise<void> {
    const { action, milestone, measure } = this.#options;
    const { deadLetters, tracker, tracing, log } = this.#edges;
    const startedAt = performance.now();
    const span = tracing.begin(action, messages);
    let settled: Settled<Item>;
    try {
      settled = await work();
      await deadLetters.send(settled.poison);
      tracker.reached(milestone, settled.done);
    } finally {
      span?.end();
    }
    const { done, poison } = settled;
    this.done.add(done.length, bytes);
    log.record(action, "ok", performance.now() - startedAt, {
      messages: done.length,
      bytes,
      ...(poison.length > 0 && { failed: poison.length }),
      ...measure?.(done),
    });
  }
}
