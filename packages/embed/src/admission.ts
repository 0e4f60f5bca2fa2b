import { type Patience, type RetryableFault, retryable, retryUntilDone } from "@millrace/shared";
import pLimit, { type LimitFunction } from "p-limit";
import type { Amounts, Taken } from "./account.ts";
import { type Bought, type JoinedRequests, joinWaiting, type RequestLimits } from "./join-waiting.ts";
import type { Allocate, Embedded, EmbeddingOutcome, EmbeddingProvider, ProviderAnswer } from "./provider.ts";
import type { RateBudget, Turn } from "./rate-budget.ts";
import type { SpendingBudget } from "./spending-budget.ts";
import { TokenEstimate } from "./token-estimate.ts";

/** Schedules requests to the provider within its limits and the budget. */
export interface Admission {
  /**
   * For batches: waits for budget, for a free slot and for its turn, and retries until there is a response. Small waiting
   * batches share a request. Rejects on a hard stop.
   *
   * @param allocate allocates memory that the vectors may be returned in
   */
  embed(texts: readonly string[], allocate?: Allocate): Promise<Embedded>;
  /** For interactive callers: sends the request at once and counts it; refuses if the daily budget is spent. */
  embedAtOnce(texts: readonly string[], signal?: AbortSignal): Promise<EmbeddingOutcome>;
  /** The share of the batch slots in use, from 0 to 1. */
  readonly utilization: number;
  /** Batches waiting for a slot. */
  readonly queued: number;
  /** Tokens paid for since the start of the process, as far as known; 0 for a free provider. */
  readonly paidTokens: number;
}

/** The budgets of a provider with rate limits and a price. */
export interface Budgets {
  rate: RateBudget;
  spending?: SpendingBudget | undefined;
}

/** The embedding provider's name in `/health`. */
export const PROVIDER = "embedding-provider";

/** Limits the requests in flight with p-limit, and reserves each request in the budgets, if any, before it is sent. */
export function admitTo(
  provider: EmbeddingProvider,
  concurrency: number,
  limits: RequestLimits,
  patience: Patience,
  budgets: Partial<Budgets> = {},
): Admission {
  return new ProviderAdmission(provider, concurrency, limits, patience, budgets);
}

class ProviderAdmission implements Admission {
  #provider: EmbeddingProvider;
  #patience: Patience;
  #budgets: Partial<Budgets>;
  #estimate = new TokenEstimate();
  #limit: LimitFunction;
  #requests: JoinedRequests;
  #paidTokens = 0;

  constructor(
    provider: EmbeddingProvider,
    concurrency: number,
    limits: RequestLimits,
    patience: Patience,
    budgets: Partial<Budgets>,
  ) {
    this.#provider = provider;
    this.#patience = patience;
    this.#budgets = budgets;
    this.#limit = pLimit(concurrency);
    this.#requests = joinWaiting(this.#limit, limits, (texts, allocate) => this.#request(texts, allocate));
  }

  get utilization(): number {
    return this.#limit.activeCount / this.#limit.concurrency;
  }

  get queued(): number {
    return this.#requests.waiting;
  }

  get paidTokens(): number {
    return this.#paidTokens;
  }

  async embed(texts: readonly string[], allocate?: Allocate): Promise<Embedded> {
    const { rate, spending } = this.#budgets;
    const payment = rate && (await spending?.take(this.#estimate.of(texts), this.#patience.hardStop));
    const embedded = await this.#requests.ask(texts, allocate);
    payment?.settle(embedded.paid);
    return embedded;
  }

  async embedAtOnce(texts: readonly string[], signal?: AbortSignal): Promise<EmbeddingOutcome> {
    const { rate, spending } = this.#budgets;
    const need = this.#needOf(texts);
    const payment = rate && (await spending?.takeAtOnce(need.tokens));
    if (payment && "refused" in payment) return { fault: retryable("unavailable", payment.refused) };
    const turn = await rate?.takeAtOnce(need);
    let answer: ProviderAnswer = { fault: retryable("timeout", "the caller disconnected before the response") };
    try {
      answer = await this.#provider.embed(texts, { signal });
    } catch (error) {
      if (!signal?.aborted) throw error;
    } finally {
      turn?.settle(takenBy(answer, need));
      const tokens = rate ? this.#pay(texts, answer, need) : 0;
      payment?.settle(tokens);
    }
    return answer;
  }

  /** Sends a request when its turn comes, and retries until there is a response. */
  async #request(texts: readonly string[], allocate: Allocate | undefined): Promise<Bought> {
    const { rate } = this.#budgets;
    const { hardStop } = this.#patience;
    const need = rate && this.#needOf(texts);
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
      const answer = await this.#provider.embed(texts, { signal: hardStop, allocate });
      if (need) {
        turn?.settle(takenBy(answer, need));
        paid += this.#pay(texts, answer, need);
      }
      return "fault" in answer ? answer : { value: answer };
    };
    return { ...(await retryUntilDone(operation, attempt, this.#patience)), paid };
  }

  /** The most that the server may charge, whether it counts exactly or estimates. */
  #needOf(texts: readonly string[]): Amounts {
    return { requests: 1, tokens: this.#estimate.of(texts) };
  }

  #pay(texts: readonly string[], answer: ProviderAnswer, need: Amounts): number {
    const tokens = paidFor(answer, need);
    if (answer.account?.tokens && !("fault" in answer)) this.#estimate.learn(texts, answer.account.tokens);
    this.#paidTokens += tokens;
    return tokens;
  }
}

function takenBy(answer: ProviderAnswer, need: Amounts): Taken {
  const { requests = 1, tokens = 0, allowances = {} } = answer.account ?? {};
  const fault = faultOf(answer);
  const refused = fault?.code === "rate_limited";
  // A refused request uses no tokens; after any other failure, or without a count in the response, the usage is unknown.
  const known = refused || (fault === undefined && tokens > 0);
  return {
    taken: { requests, tokens: known ? tokens : need.tokens },
    allowances,
    retryAfterMs: refused ? (fault.retryAfterMs ?? 0) : 0,
  };
}

/** Responses are billed. A request that timed out, or whose caller disconnected, may be billed too, so it counts as paid. */
function paidFor(answer: ProviderAnswer, need: Amounts): number {
  const fault = faultOf(answer);
  if (fault) return fault.code === "timeout" ? need.tokens : (answer.account?.tokens ?? 0);
  return answer.account?.tokens || need.tokens;
}

function faultOf(answer: ProviderAnswer): RetryableFault | undefined {
  return "fault" in answer ? answer.fault : undefined;
}
