import type { LastReport } from "./last-report.ts";

/** What one process says about a dependency that it uses. */
export interface DependencyHealth {
  state: "starting" | "working" | "waiting";
  /** ISO 8601: when this state began. */
  since: string;
  /** Why it waits. */
  cause?: string;
}

/** The state of one process and of the dependencies that it uses, for its health endpoint and its heartbeat. */
export class Health {
  #dependencies = new Map<string, DependencyHealth>();
  #started = false;
  #lastReport: LastReport | undefined;

  /** A dependency that has not answered yet. */
  starting(dependency: string): void {
    this.#change(dependency, { state: "starting", since: new Date().toISOString() });
  }

  working(dependency: string): void {
    if (this.#dependencies.get(dependency)?.state === "working") return;
    this.#change(dependency, { state: "working", since: new Date().toISOString() });
  }

  /** The process waits for this dependency; the time of the first failure in a row is kept. */
  waiting(dependency: string, cause: string): void {
    const before = this.#dependencies.get(dependency);
    const since = before?.state === "waiting" ? before.since : new Date().toISOString();
    this.#change(dependency, { state: "waiting", since, cause });
  }

  /** Every dependency was reached once and the process does its work. */
  started(): void {
    this.#started = true;
  }

  /** What the doctor found at the process's start. */
  examined(report: LastReport): void {
    this.#lastReport = report;
  }

  /** Absent until the checks of the start are done. */
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
