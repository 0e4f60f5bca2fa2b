import { type Patience, persist, type RetryableFault, retryable } from "@millrace/shared";
import pLimit from "p-limit";
import type { Amounts } from "./account.ts";
import { type Ask, joinWaiting, type RequestLimits } from "./join-waiting.ts";
import type { Allocate, Embedded, EmbeddingOutcome, EmbeddingProvider, ProviderAnswer } from "./provider.ts";
import type { RateBudget, Taken, Turn } from "./rate-budget.ts";
import type { SpendingBudget } from "./spending-budget.ts";
import { TokenEstimate } from "./token-estimate.ts";

/** Makes requests to the provider when they may be made. */
export interface Admission {
  /**
   * For batches: waits for the money of another day, for a free place and for its turn, and repeats until there is an
   * answer. Small batches that wait share a request. Rejects when the hard stop ends the waiting.
   *
   * @param allocate gives memory that the vectors may come in
   */
  embed(texts: readonly string[], allocate?: Allocate): Promise<Embedded>;
  /** For what somebody waits for: makes the request at once and counts it; refuses where the day's money is spent. */
  embedAtOnce(texts: readonly string[], signal?: AbortSignal): Promise<EmbeddingOutcome>;
  /** The share of the places for batches that are taken, from 0 to 1. */
  readonly utilization: number;
  /** Batches that wait for a place. */
  readonly queued: number;
  /** Paid for since the process began, as far as is known; 0 for a provider without a price. */
  readonly paidTokens: number;
}

/** What a provider with limits and a price is used by. */
export interface Budgets {
  rate: RateBudget;
  spending?: SpendingBudget | undefined;
}

/** The name of the embedding provider in `/health`. */
export const PROVIDER = "embedding-provider";

/** p-limit bounds the requests that are made at once; where there are budgets, each is taken from them first. */
export function admitTo(
  provider: EmbeddingProvider,
  concurrency: number,
  limits: RequestLimits,
  patience: Patience,
  { rate, spending }: Partial<Budgets> = {},
): Admission {
  const limit = pLimit(concurrency);
  const { hardStop } = patience;
  const estimate = new TokenEstimate();
  let paidTokens = 0;
  /** What the server takes at most: it may count exactly or estimate. */
  const needOf = (texts: readonly string[]): Amounts => ({ requests: 1, tokens: estimate.of(texts) });
  const pay = (texts: readonly string[], answer: ProviderAnswer, need: Amounts): number => {
    const tokens = paidFor(answer, need);
    if (answer.account?.tokens && !("fault" in answer)) estimate.learn(texts, answer.account.tokens);
    paidTokens += tokens;
    return tokens;
  };
  /** Makes a request when its turn has come, and repeats it until there is an answer. */
  const request: Ask = async (texts, allocate) => {
    const need = rate && needOf(texts);
    let turn: Turn | undefined;
    let paid = 0;
    const operation = {
      dependency: PROVIDER,
      action: "embed.request",
      before: async () => {
        turn = need && (await rate.take(need, hardStop));
      },
    } as const;
    const attempt = async () => {
      const answer = await provider.embed(texts, { signal: hardStop, allocate });
      if (need) {
        turn?.settle(takenBy(answer, need));
        paid += pay(texts, answer, need);
      }
      return "fault" in answer ? answer : { value: answer };
    };
    return { ...(await persist(operation, attempt, patience)), paid };
  };
  const requests = joinWaiting(limit, limits, request);
  return {
    get utilization() {
      return limit.activeCount / concurrency;
    },
    get queued() {
      return requests.waiting;
    },
    get paidTokens() {
      return paidTokens;
    },
    async embed(texts, allocate) {
      const payment = rate && (await spending?.take(estimate.of(texts), hardStop));
      const embedded = await requests.ask(texts, allocate);
      payment?.settle(embedded.paid);
      return embedded;
    },
    async embedAtOnce(texts, signal) {
      const need = needOf(texts);
      const payment = rate && (await spending?.takeAtOnce(need.tokens));
      if (payment && "refused" in payment) return { fault: retryable("unavailable", payment.refused) };
      const turn = await rate?.takeAtOnce(need);
      let answer: ProviderAnswer = { fault: retryable("timeout", "whoever asked left before the answer") };
      try {
        answer = await provider.embed(texts, { signal });
      } catch (error) {
        if (!signal?.aborted) throw error;
      } finally {
        turn?.settle(takenBy(answer, need));
        const tokens = rate ? pay(texts, answer, need) : 0;
        payment?.settle(tokens);
      }
      return answer;
    },
  };
}

function takenBy(answer: ProviderAnswer, need: Amounts): Taken {
  const { requests = 1, tokens = 0, allowances = {} } = answer.account ?? {};
  const fault = faultOf(answer);
  const refused = fault?.code === "rate_limited";
  // A refused request takes no tokens; of one that failed otherwise, or whose answer does not say, nobody knows.
  const known = refused || (fault === undefined && tokens > 0);
  return {
    taken: { requests, tokens: known ? tokens : need.tokens },
    allowances,
    retryAfterMs: refused ? (fault.retryAfterMs ?? 0) : 0,
  };
}

/** Answers are billed. Of a request that timed out, or that nobody waited for, nobody knows: it counts as paid. */
function paidFor(answer: ProviderAnswer, need: Amounts): number {
  const fault = faultOf(answer);
  if (fault) return fault.code === "timeout" ? need.tokens : (answer.account?.tokens ?? 0);
  return answer.account?.tokens || need.tokens;
}

function faultOf(answer: ProviderAnswer): RetryableFault | undefined {
  return "fault" in answer ? answer.fault : undefined;
}
