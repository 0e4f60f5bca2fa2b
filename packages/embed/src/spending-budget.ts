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
  { log, health }: Patience,
  { usdPerDay, usdPerMillionTokens }: SpendingLimits,
  now: () => number = Date.now,
): SpendingBudget {
  const budget = Math.round(usdPerDay * UNITS_PER_USD);
  const unitsOf = (tokens: number): number => Math.ceil((tokens * usdPerMillionTokens * UNITS_PER_USD) / 1_000_000);
  let day = "";
  /** Of this day: by all, as last heard, and by this process since. */
  let heard = 0;
  let unreported = 0;
  let waiting = 0;

  const today = (): string => {
    const current = new Date(now()).toISOString().slice(0, 10);
    if (current !== day) [day, heard, unreported] = [current, 0, 0];
    return day;
  };

  /** Sets aside, or gives back where negative; returns the day of which it was, or `undefined` where it was too much. */
  const count = async (units: number): Promise<string | undefined> => {
    const on = today();
    const reported = unreported;
    unreported = 0;
    try {
      const { taken, total } = await counter.add(on, units, reported, budget);
      if (on === day) heard = total;
      return taken ? on : undefined;
    } catch (error) {
      log.debug("embed.budget", { cause: describeCause(error) });
      // The day ended meanwhile, and its count with it.
      if (on !== day) return on;
      unreported += reported;
      if (units > 0 && heard + unreported + units > budget) return undefined;
      unreported += units;
      return on;
    }
  };

  const paymentFor = (units: number, on: string): Payment => ({
    settle(tokens) {
      const difference = unitsOf(tokens) - units;
      // What was set aside yesterday was yesterday's.
      if (difference !== 0 && on === today()) void count(difference);
    },
  });

  const left = (): number => Math.max(0, budget - heard - unreported);

  const refusal = (units: number): string => {
    const resumesAt = new Date((Math.floor(now() / DAY_MS) + 1) * DAY_MS).toISOString();
    const [need, rest] = [units, left()].map((each) => (each / UNITS_PER_USD).toFixed(6));
    if (units > budget) {
      return `a request needs $${need}, more than EMBEDDING_BUDGET_USD_PER_DAY of ${usdPerDay}: raise it`;
    }
    return `EMBEDDING_BUDGET_USD_PER_DAY of ${usdPerDay} is spent: a request needs $${need}, $${rest} are left; it goes on at ${resumesAt}, or with a larger budget`;
  };

  /** One line in the log for however many batches wait, and for however long. */
  const waitForMoney = async (units: number, signal: AbortSignal): Promise<string> => {
    let on: string | undefined;
    if (waiting++ === 0) log.record("embed.budget", "retry", undefined, { cause: refusal(units) });
    try {
      do {
        health.waiting(BUDGET, refusal(units));
        await delay(LOOK_INTERVAL_MS, signal);
        on = await count(units);
      } while (on === undefined);
    } finally {
      waiting--;
    }
    if (waiting === 0) {
      health.working(BUDGET);
      log.record("embed.budget", "ok");
    }
    return on;
  };

  health.working(BUDGET);
  return {
    get leftUsd() {
      today();
      return left() / UNITS_PER_USD;
    },
    async take(tokens, signal) {
      const units = unitsOf(tokens);
      return paymentFor(units, (await count(units)) ?? (await waitForMoney(units, signal)));
    },
    async takeAtOnce(tokens) {
      const units = unitsOf(tokens);
      const on = await count(units);
      return on === undefined ? { refused: refusal(units) } : paymentFor(units, on);
    },
  };
}
