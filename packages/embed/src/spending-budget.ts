import { delay, describeCause, type Patience } from "@millrace/shared";
import type { SpendingCounter } from "./redis/spending-counter.ts";

/** Money reserved for a request. It must be settled, whatever the request's outcome. */
export interface Payment {
  /** @param tokens actually paid for */
  settle(tokens: number): void;
}

/** Enforces a daily spending limit. */
export interface SpendingBudget {
  /** Reserves the money for this many tokens, waiting for the next day if necessary; rejects when the signal is aborted. */
  take(tokens: number, signal: AbortSignal): Promise<Payment>;
  takeAtOnce(tokens: number): Promise<Payment | { refused: string }>;
  /** Unreserved dollars of today's budget, as far as this process knows. */
  readonly leftUsd: number;
}

export interface SpendingLimits {
  usdPerDay: number;
  usdPerMillionTokens: number;
}

/** The budget's name in `/health`. */
export const BUDGET = "embedding-budget";
/** How often a waiting batch checks the budget: other requests may have cost less than they reserved. */
const LOOK_INTERVAL_MS = 2_000;
const DAY_MS = 86_400_000;
/** Units per dollar: integers add up exactly, and one token of the cheapest model is twenty units. */
const UNITS_PER_USD = 1e9;

/**
 * Counts the dollars of a UTC day in Redis, across all processes, and reserves each request's cost before it is sent. Only
 * requests that the server bills without a response can exceed the budget.
 *
 * While Redis is unavailable each process continues with the last known total plus its own spending, and reports that
 * afterwards: at worst each process spends what was left at the time.
 */
export function createSpendingBudget(
  counter: SpendingCounter,
  patience: Patience,
  limits: SpendingLimits,
  now: () => number = Date.now,
): SpendingBudget {
  return new DailyBudget(counter, patience, limits, now);
}

class DailyBudget implements SpendingBudget {
  #counter: SpendingCounter;
  #patience: Patience;
  #limits: SpendingLimits;
  #now: () => number;
  #budget: number;
  #day = "";
  /** Units of this day: the last known total of all processes, and this process's spending since. */
  #heard = 0;
  #unreported = 0;
  /** Requests waiting for budget. */
  #waiting = 0;

  constructor(counter: SpendingCounter, patience: Patience, limits: SpendingLimits, now: () => number) {
    this.#counter = counter;
    this.#patience = patience;
    this.#limits = limits;
    this.#now = now;
    this.#budget = Math.round(limits.usdPerDay * UNITS_PER_USD);
    patience.health.working(BUDGET);
  }

  get leftUsd(): number {
    this.#today();
    return this.#left / UNITS_PER_USD;
  }

  async take(tokens: number, signal: AbortSignal): Promise<Payment> {
    const units = this.#unitsOf(tokens);
    return this.#paymentFor(units, (await this.#count(units)) ?? (await this.#waitForMoney(units, signal)));
  }

  async takeAtOnce(tokens: number): Promise<Payment | { refused: string }> {
    const units = this.#unitsOf(tokens);
    const day = await this.#count(units);
    return day === undefined ? { refused: this.#refusal(units) } : this.#paymentFor(units, day);
  }

  #unitsOf(tokens: number): number {
    return Math.ceil((tokens * this.#limits.usdPerMillionTokens * UNITS_PER_USD) / 1_000_000);
  }

  get #left(): number {
    return Math.max(0, this.#budget - this.#heard - this.#unreported);
  }

  #today(): string {
    const current = new Date(this.#now()).toISOString().slice(0, 10);
    if (current !== this.#day) [this.#day, this.#heard, this.#unreported] = [current, 0, 0];
    return this.#day;
  }

  /** Reserves units, or returns them if negative. Returns their day; `undefined` if over budget. */
  async #count(units: number): Promise<string | undefined> {
    const day = this.#today();
    const reported = this.#unreported;
    this.#unreported = 0;
    try {
      const { taken, total } = await this.#counter.add(day, units, reported, this.#budget);
      if (day === this.#day) this.#heard = total;
      return taken ? day : undefined;
    } catch (error) {
      this.#patience.log.debug("embed.budget", { cause: describeCause(error) });
      return this.#countAlone(units, reported, day);
    }
  }

  /** For when Redis is unavailable. */
  #countAlone(units: number, reported: number, day: string): string | undefined {
    // The day has ended meanwhile, and its count with it.
    if (day !== this.#day) return day;
    this.#unreported += reported;
    if (units > 0 && this.#heard + this.#unreported + units > this.#budget) return undefined;
    this.#unreported += units;
    return day;
  }

  #paymentFor(units: number, day: string): Payment {
    return {
      settle: (tokens) => {
        const difference = this.#unitsOf(tokens) - units;
        // Units reserved yesterday belong to yesterday.
        if (difference !== 0 && day === this.#today()) void this.#count(difference);
      },
    };
  }

  /** Logs one line for all waiting requests, however long they wait. */
  async #waitForMoney(units: number, signal: AbortSignal): Promise<string> {
    const { log, health } = this.#patience;
    let day: string | undefined;
    if (this.#waiting++ === 0) log.record("embed.budget", "retry", undefined, { cause: this.#refusal(units) });
    try {
      do {
        health.waiting(BUDGET, this.#refusal(units));
        await delay(LOOK_INTERVAL_MS, signal);
        day = await this.#count(units);
      } while (day === undefined);
    } finally {
      this.#waiting--;
    }
    if (this.#waiting === 0) {
      health.working(BUDGET);
      log.record("embed.budget", "ok");
    }
    return day;
  }

  #refusal(units: number): string {
    const { usdPerDay } = this.#limits;
    const resumesAt = new Date((Math.floor(this.#now() / DAY_MS) + 1) * DAY_MS).toISOString();
    const [need, rest] = [units, this.#left].map((each) => (each / UNITS_PER_USD).toFixed(6));
    if (units > this.#budget) {
      return `a request needs $${need}, more than EMBEDDING_BUDGET_USD_PER_DAY (${usdPerDay}): raise the budget`;
    }
    return `EMBEDDING_BUDGET_USD_PER_DAY (${usdPerDay}) is spent: a request needs $${need}, and $${rest} is left; requests resume at ${resumesAt}, or after raising the budget`;
  }
}
