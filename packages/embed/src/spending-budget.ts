import { delay, describeCause, type Patience } from "@millrace/shared";
import type { SpendingCounter } from "./redis/spending-counter.ts";

/** Money that was set aside for a request. It must be settled, whatever becomes of the request. */
export interface Payment {
  /** @param tokens that were paid for */
  settle(tokens: number): void;
}

/** Stops the spending at a day's limit. */
export interface SpendingBudget {
  /** Sets the money for so many tokens aside, waiting for another day where need be; rejects when the signal is aborted. */
  take(tokens: number, signal: AbortSignal): Promise<Payment>;
  takeAtOnce(tokens: number): Promise<Payment | { refused: string }>;
  /** Dollars of today's budget that are not set aside, as far as this process has heard. */
  readonly leftUsd: number;
}

export interface SpendingLimits {
  usdPerDay: number;
  usdPerMillionTokens: number;
}

/** The name of the budget in `/health`. */
export const BUDGET = "embedding-budget";
/** How often a batch that waits looks whether there is money again: others may have used less than they set aside. */
const LOOK_INTERVAL_MS = 2_000;
const DAY_MS = 86_400_000;
/** A dollar is as many units: whole numbers add up exactly, and one token of the cheapest model is twenty. */
const UNITS_PER_USD = 1e9;

/**
 * Counts the dollars of a UTC day in Redis, across all processes, and sets each request's dollars aside before it is made. So
 * nothing is overspent but what a server bills without an answer.
 *
 * While Redis is away each process goes on by what it last knew and its own spending, and reports that when Redis is back:
 * at most each process spends then what was left.
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
  /** Units of this day: spent by all processes, as last heard, and by this process since. */
  #heard = 0;
  #unreported = 0;
  /** Requests that wait for money. */
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

  /** Sets units aside, or gives them back where negative. Returns the day that they belong to; `undefined` above the budget. */
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

  /** While Redis is away. */
  #countAlone(units: number, reported: number, day: string): string | undefined {
    // The day ended meanwhile, and its count with it.
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
        // Units that were set aside yesterday belong to yesterday.
        if (difference !== 0 && day === this.#today()) void this.#count(difference);
      },
    };
  }

  /** Logs one line for all requests that wait, for however long. */
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
      return `a request needs $${need}, more than EMBEDDING_BUDGET_USD_PER_DAY of ${usdPerDay}: raise it`;
    }
    return `EMBEDDING_BUDGET_USD_PER_DAY of ${usdPerDay} is spent: a request needs $${need}, $${rest} are left; spending resumes at ${resumesAt}, or with a larger budget`;
  }
}
