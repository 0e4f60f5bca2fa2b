import type { Action, Status } from "./actions.ts";
import type { RetryableFault } from "./fault.ts";
import { Latency, type LatencySummary } from "./latency.ts";
import { RecentDuration } from "./recent-duration.ts";

/** An operation slower than `SLOW_OPERATION_MS`. */
export interface SlowOperation {
  operation: string;
  dependency: string;
  /** Its recent duration: see `Operations.recent`. */
  recentMs: number;
}

type Code = RetryableFault["code"];
/** Every code starts at zero: Prometheus sees no increase in a counter that first appears with a value. */
const noRetries = (): Record<Code, number> => ({ rate_limited: 0, timeout: 0, unavailable: 0, misconfigured: 0 });

interface Outcomes {
  statuses: Record<Status, number>;
  /** Of the successful ones; absent if none had a duration. */
  latency?: Latency;
}

interface Watched {
  dependency: string;
  recent: RecentDuration;
  /** Those still running, oldest first. */
  running: Set<{ startedAt: number }>;
}

/**
 * Outcomes of this process's operations since its start. The log records every line here too, so that log, presence,
 * `/health` and `/metrics` report the same measurements.
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

  /** Starts an operation on another service. Returns a function to call when it ends, whatever its outcome. */
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

  /** Operations with a duration, without those that a process does once, at its start and end. */
  *latencies(): Generator<{ operation: Action; latency: Latency }> {
    for (const [operation, { latency }] of this.#outcomes) {
      if (latency && !operation.startsWith("process.")) yield { operation, latency };
    }
  }

  summaries(): Record<string, LatencySummary> {
    return Object.fromEntries([...this.latencies()].map(({ operation, latency }) => [operation, latency.summary]));
  }

  /**
   * The recent duration of each operation on another service: the time-weighted mean of the successful ones of the last ten
   * seconds, or the age of the oldest one still running if greater, so that a hang shows before it ends.
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
