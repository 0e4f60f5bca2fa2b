import type { RetryableFault } from "./fault.ts";
import { Latency, type LatencySummary } from "./latency.ts";
import type { Action, Status } from "./log.ts";
import { RecentDuration } from "./recent-duration.ts";

/** An operation that takes longer than it should. */
export interface SlowOperation {
  operation: string;
  dependency: string;
  /** How long it takes lately: see `Operations.recent`. */
  recentMs: number;
}

type Code = RetryableFault["code"];
/** All of them, so that a counter begins at zero: Prometheus sees no increase in one that appears with a value. */
const noRetries = (): Record<Code, number> => ({ rate_limited: 0, timeout: 0, unavailable: 0, misconfigured: 0 });

interface Outcomes {
  statuses: Record<Status, number>;
  /** Of those that ended well; absent where none took time. */
  latency?: Latency;
}

interface Watched {
  dependency: string;
  recent: RecentDuration;
  /** When those under way began, the oldest first. */
  running: Set<{ startedAt: number }>;
}

/**
 * What the operations of this process came to since it began. The log tells it every line that it is told, so that log,
 * presence, `/health` and `/metrics` speak of the same measurements.
 */
export class Operations {
  #outcomes = new Map<Action, Outcomes>();
  #watched = new Map<Action, Watched>();
  #retries = new Map<string, Record<Code, number>>();

  record(action: Action, status: Status, durationMs: number | undefined): void {
    const outcomes = this.#outcomesOf(action);
    outcomes.statuses[status]++;
    if (status !== "ok" || durationMs === undefined) return;
    outcomes.latency ??= new Latency();
    outcomes.latency.record(durationMs);
    this.#watched.get(action)?.recent.add(durationMs, performance.now());
  }

  /** An operation on another service begins. Returns what is to be called when it has ended, however it did. */
  begin(action: Action, dependency: string): () => void {
    const watched = this.#watchedOf(action, dependency);
    const running = { startedAt: performance.now() };
    watched.running.add(running);
    if (!this.#retries.has(dependency)) this.#retries.set(dependency, noRetries());
    return () => watched.running.delete(running);
  }

  retried(dependency: string, code: Code): void {
    const retries = this.#retries.get(dependency) ?? noRetries();
    retries[code]++;
    this.#retries.set(dependency, retries);
  }

  *retries(): Generator<{ dependency: string; code: Code; count: number }> {
    for (const [dependency, codes] of this.#retries) {
      for (const [code, count] of Object.entries(codes)) yield { dependency, code: code as Code, count };
    }
  }

  *statuses(): Generator<{ operation: Action; status: Status; count: number }> {
    for (const [operation, { statuses }] of this.#outcomes) {
      for (const [status, count] of Object.entries(statuses)) yield { operation, status: status as Status, count };
    }
  }

  /** Those that took time; what a process does once, at its start and end, is none. */
  *latencies(): Generator<{ operation: Action; latency: Latency }> {
    for (const [operation, { latency }] of this.#outcomes) {
      if (latency && !operation.startsWith("process.")) yield { operation, latency };
    }
  }

  summaries(): Record<string, LatencySummary> {
    return Object.fromEntries([...this.latencies()].map(({ operation, latency }) => [operation, latency.summary]));
  }

  /**
   * How long each operation on another service takes lately: those that ended well in the last ten seconds, by their
   * time-weighted mean, or the age of the oldest one under way where that is more: one that hangs shows before it ends.
   */
  *recent(now = performance.now()): Generator<SlowOperation> {
    for (const [operation, { dependency, recent, running }] of this.#watched) {
      const [oldest] = running;
      const ageMs = oldest ? now - oldest.startedAt : 0;
      yield { operation, dependency, recentMs: Math.max(ageMs, recent.at(now)) };
    }
  }

  slowerThan(limitMs: number): SlowOperation[] {
    return [...this.recent()].filter(({ recentMs }) => recentMs > limitMs);
  }

  #outcomesOf(action: Action): Outcomes {
    const known = this.#outcomes.get(action);
    if (known) return known;
    const outcomes: Outcomes = { statuses: { ok: 0, retry: 0, failed: 0 } };
    this.#outcomes.set(action, outcomes);
    return outcomes;
  }

  #watchedOf(action: Action, dependency: string): Watched {
    const known = this.#watched.get(action);
    if (known) return known;
    const watched = { dependency, recent: new RecentDuration(), running: new Set<{ startedAt: number }>() };
    this.#watched.set(action, watched);
    return watched;
  }
}
