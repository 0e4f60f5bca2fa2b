import type { LastReport } from "./last-report.ts";

/** A dependency's state, as one process sees it. */
export interface DependencyHealth {
  state: "starting" | "working" | "waiting";
  /** Start of this state, ISO 8601. */
  since: string;
  /** Why the process waits. */
  cause?: string;
}

/** The state of one process and its dependencies, for its health endpoint and heartbeat. */
export class Health {
  #dependencies = new Map<string, DependencyHealth>();
  #started = false;
  #lastReport: LastReport | undefined;

  /** The dependency has not responded yet. */
  starting(dependency: string): void {
    this.#change(dependency, { state: "starting", since: new Date().toISOString() });
  }

  working(dependency: string): void {
    if (this.#dependencies.get(dependency)?.state === "working") return;
    this.#change(dependency, { state: "working", since: new Date().toISOString() });
  }

  /** The process waits for this dependency. Keeps the time of the first of consecutive failures. */
  waiting(dependency: string, cause: string): void {
    const before = this.#dependencies.get(dependency);
    const since = before?.state === "waiting" ? before.since : new Date().toISOString();
    this.#change(dependency, { state: "waiting", since, cause });
  }

  /** Every dependency was reached once; the process has started work. */
  started(): void {
    this.#started = true;
  }

  /** What the doctor found at the process's start. */
  examined(report: LastReport): void {
    this.#lastReport = report;
  }

  /** Absent until the startup checks finish. */
  get lastReport(): LastReport | undefined {
    return this.#lastReport;
  }

  get isStarted(): boolean {
    return this.#started;
  }

  get ready(): boolean {
    return this.#started && [...this.#dependencies.values()].every(({ state }) => state === "working");
  }

  get dependencies(): Record<string, DependencyHealth> {
    return Object.fromEntries(this.#dependencies);
  }

  #change(dependency: string, health: DependencyHealth): void {
    this.#dependencies.set(dependency, health);
  }
}
