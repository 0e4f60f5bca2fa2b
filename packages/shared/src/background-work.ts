import type { Action } from "./actions.ts";
import { describeCause } from "./fault.ts";
import type { Patience } from "./settle.ts";

/** A failure that lasts is logged again after this time. */
const REPEAT_MS = 10_000;

/**
 * Makes visible that work in the background fails, which no caller learns of. From the first failure until the next success
 * `/health` names the work and its cause, and the log has a line at `warn`, repeated every ten seconds.
 */
export class BackgroundWork {
  readonly #action: Action;
  readonly #patience: Pick<Patience, "log" | "health">;
  #failures = 0;
  /** Since the last success. */
  #failing: { sinceMs: number; loggedAtMs: number; failures: number } | undefined;

  /** @param action also the name in `/health` */
  constructor(action: Action, patience: Pick<Patience, "log" | "health">) {
    this.#action = action;
    this.#patience = patience;
  }

  /** Since the process began. */
  get failures(): number {
    return this.#failures;
  }

  /** Does the work once; rejects as it does. */
  async run<Value>(work: () => Promise<Value>): Promise<Value> {
    try {
      const value = await work();
      this.succeeded();
      return value;
    } catch (error) {
      this.failed(error);
      throw error;
    }
  }

  failed(error: unknown): void {
    const nowMs = performance.now();
    const cause = describeCause(error);
    this.#failures++;
    this.#failing ??= { sinceMs: nowMs, loggedAtMs: Number.NEGATIVE_INFINITY, failures: 0 };
    this.#failing.failures++;
    this.#patience.health.waiting(this.#action, cause);
    if (nowMs - this.#failing.loggedAtMs < REPEAT_MS) return;
    this.#failing.loggedAtMs = nowMs;
    this.#patience.log.record(this.#action, "retry", undefined, { cause, failures: this.#failing.failures });
  }

  succeeded(): void {
    if (!this.#failing) return;
    const { sinceMs, failures } = this.#failing;
    this.#failing = undefined;
    this.#patience.health.working(this.#action);
    this.#patience.log.record(this.#action, "ok", undefined, {
      failures,
      failedForMs: Math.round(performance.now() - sinceMs),
    });
  }
}
