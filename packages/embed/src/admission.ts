import { type RetryableFault, retryable } from "@millrace/shared";
import { tokensCharged } from "@millrace/shared/tokens";
import pLimit from "p-limit";
import type { EmbedderPool } from "./pool.ts";
import type { EmbeddingOutcome, ProviderAnswer } from "./provider.ts";
import type { RateBudget, Taken } from "./rate-budget.ts";
import type { SpendingBudget } from "./spending-budget.ts";

/** Makes a request when it may be made. */
export interface Admission {
  /** For batches: waits for the money of another day, for a free place and for its turn. Rejects when aborted. */
  embed(texts: readonly string[], signal: AbortSignal): Promise<EmbeddingOutcome>;
  /** For what somebody waits for: makes the request at once and counts it; refuses where the day's money is spent. */
  embedAtOnce(texts: readonly string[], signal?: AbortSignal): Promise<EmbeddingOutcome>;
}

/** What a provider with limits and a price is used by. */
export interface Budgets {
  rate: RateBudget;
  spending?: SpendingBudget | undefined;
}

/** p-limit bounds the requests in flight; where there are budgets, each request is taken from them before it is made. */
export function admitTo(pool: Pick<EmbedderPool, "embed">, concurrency: number, budgets?: Budgets): Admission {
  const limit = pLimit(concurrency);
  if (!budgets) {
    return {
      embed: (texts, signal) => limit(() => pool.embed(texts, signal)),
      embedAtOnce: (texts, signal) => pool.embed(texts, signal),
    };
  }
  const { rate, spending } = budgets;
  return {
    async embed(texts, signal) {
      const need = needOf(texts);
      const payment = await spending?.take(need.tokens, signal);
      return limit(async () => {
        const turn = await rate.take(need, signal).catch((error: unknown) => {
          payment?.settle(0);
          throw error;
        });
        const answer = await pool.embed(texts, signal);
        turn.settle(takenBy(answer, need));
        payment?.settle(paidFor(answer, need.tokens));
        return answer;
      });
    },
    async embedAtOnce(texts, signal) {
      const need = needOf(texts);
      const payment = await spending?.takeAtOnce(need.tokens);
      if (payment && "refused" in payment) return { fault: retryable("unavailable", payment.refused) };
      const turn = await rate.takeAtOnce(need);
      const answer = await pool.embed(texts, signal);
      turn.settle(takenBy(answer, need));
      payment?.settle(paidFor(answer, need.tokens));
      return answer;
    },
  };
}

type Need = ReturnType<typeof needOf>;

/** What the server takes at most: it may count exactly or estimate. */
function needOf(texts: readonly string[]) {
  return { requests: 1, tokens: texts.reduce((sum, text) => sum + tokensCharged(text), 0) };
}

function takenBy(answer: ProviderAnswer, need: Need): Taken {
  const { requests = 1, tokens = 0, allowances = {} } = answer.account ?? {};
  const fault = faultOf(answer);
  // A refused request takes no tokens; of one that failed otherwise nobody knows.
  const stated = fault === undefined || fault.code === "rate_limited";
  return {
    taken: { requests, tokens: stated ? tokens : need.tokens },
    allowances,
    retryAfterMs: fault?.code === "rate_limited" ? (fault.retryAfterMs ?? 0) : 0,
  };
}

/** Answers are billed. Of a request that timed out nobody knows, so it counts as paid. */
function paidFor(answer: ProviderAnswer, reserved: number): number {
  return faultOf(answer)?.code === "timeout" ? reserved : (answer.account?.tokens ?? 0);
}

function faultOf(answer: ProviderAnswer): RetryableFault | undefined {
  return "fault" in answer ? answer.fault : undefined;
}
