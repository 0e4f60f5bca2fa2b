import type { Metrics } from "@millrace/shared";
import { type Allowance, kinds } from "./account.ts";
import type { Admission, Budgets } from "./admission.ts";
import type { Embedder } from "./embedder.ts";
import type { RateBudget } from "./rate-budget.ts";

/** What the embed process works with, as it is when it is asked for. */
export interface EmbedState {
  model: string;
  /** Dollars; `undefined` where nobody knows them. */
  usdPerMillionTokens: number | undefined;
  admission: Admission;
  embedder: Embedder;
  budgets: Partial<Budgets>;
}

/** What embed knows besides what every stage does: its places for batches, its cache, and what its provider costs and allows. */
export function exposeMetrics(metrics: Metrics, state: EmbedState): void {
  const { model, usdPerMillionTokens, admission, embedder, budgets } = state;
  metrics.exposeOne("millrace_embedder_utilization_ratio", () => admission.utilization);
  metrics.exposeOne("millrace_embedder_queued_batches", () => admission.queued);
  metrics.expose("millrace_embedding_cache_texts_total", () => [
    [{ result: "hit" }, embedder.lookups.hits],
    [{ result: "miss" }, embedder.lookups.misses],
  ]);
  metrics.exposeOne("millrace_embedding_cache_read_failures_total", () => embedder.lookups.failures);
  metrics.expose("millrace_embedding_tokens_total", () => [[{ model }, admission.paidTokens]]);
  if (usdPerMillionTokens !== undefined) {
    const dollars = () => (admission.paidTokens * usdPerMillionTokens) / 1_000_000;
    metrics.expose("millrace_embedding_cost_dollars_total", () => [[{ model }, dollars()]]);
  }
  const { rate, spending } = budgets;
  if (rate) {
    metrics.expose("millrace_rate_limit", () => allowances(rate, ({ limit }) => limit));
    metrics.expose("millrace_rate_limit_left", () => allowances(rate, ({ remaining }) => remaining));
  }
  if (spending) metrics.exposeOne("millrace_embedding_budget_left_dollars", () => spending.leftUsd);
}

function allowances({ left }: RateBudget, figure: (allowance: Allowance) => number) {
  return kinds.flatMap((kind) => {
    const allowance = left[kind];
    return allowance ? [[{ kind }, figure(allowance)] as const] : [];
  });
}
