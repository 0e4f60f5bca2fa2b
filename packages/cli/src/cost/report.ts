import { pricedModels, priceOf } from "@millrace/shared";
import { textTable } from "@millrace/stack";
import type { Amount, Estimate } from "./estimate.ts";

const UNKNOWN_CACHE =
  "The cache is not counted: Redis did not answer, or OPENAI_EMBEDDING_DIMENSIONS must be set for this model.";

/** The model that embed is configured with, whose vectors the cache holds. */
export interface ConfiguredModel {
  model: string;
  /** Dollars per million tokens, if they differ from the list price. */
  price: number | undefined;
}

export type CostReport = ReturnType<typeof costReport>;

/** The cost of a topic for each model: without savings, without repetitions, and without cached texts. */
export function costReport(topic: string, estimate: Estimate, configured: ConfiguredModel) {
  const names = [configured.model, ...pricedModels.filter((model) => model !== configured.model)];
  const models = names.map((model) => {
    const isConfigured = model === configured.model;
    const price = isConfigured ? (configured.price ?? priceOf(model)) : priceOf(model);
    const cached = isConfigured ? estimate.cached : undefined;
    const usd = (tokens: number): number | null => (price === undefined ? null : (tokens * price) / 1_000_000);
    return {
      model,
      isConfigured,
      usdPerMillionTokens: price ?? null,
      usdWithoutCache: usd(estimate.all.tokens),
      savedUsd: usd(estimate.all.tokens - estimate.distinct.tokens + (cached?.tokens ?? 0)),
      usd: usd(estimate.distinct.tokens - (cached?.tokens ?? 0)),
    };
  });
  return { topic, ...estimate, cached: estimate.cached ?? null, models };
}

/** Formats the report for people. */
export function costTable(report: CostReport): string {
  const { topic, messages, withoutText, all, distinct, cached, chargedTokens, isPartial, models } = report;
  const rows = models.map(({ model, isConfigured, usdPerMillionTokens, usdWithoutCache, savedUsd, usd }) => [
    model,
    isConfigured ? "configured" : "",
    ...[usdPerMillionTokens, usdWithoutCache, savedUsd, usd].map(dollars),
  ]);
  const repeated = { texts: all.texts - distinct.texts, tokens: all.tokens - distinct.tokens };
  return [
    `${topic}: ${count(messages)} messages, ${count(withoutText)} of them without text to embed`,
    ...textTable(
      [
        ["", "texts", "tokens"],
        ["total", ...figures(all)],
        ["repeated in the topic", ...figures(repeated)],
        ["in the cache", ...(cached ? figures(cached) : ["unknown", "unknown"])],
      ],
      "left",
      "right",
    ),
    ...textTable(
      [["model", "", "$ per million", "$ without cache", "$ saved", "$ to pay"], ...rows],
      ...(["left", "left", "right"] as const),
    ),
    `Tokens are counted with cl100k_base, as OpenAI bills them; its rate limits may count up to ${count(chargedTokens)} for the tokens to pay (0.25 token per byte).`,
    ...(cached ? [] : [UNKNOWN_CACHE]),
    ...(isPartial
      ? ["The topic has more texts than the estimate remembers: repetitions of later texts were not detected."]
      : []),
  ].join("\n");
}

function figures({ texts, tokens }: Amount): string[] {
  return [count(texts), count(tokens)];
}

function count(number: number): string {
  return number.toLocaleString("en-US");
}

function dollars(usd: number | null): string {
  return usd === null ? "unknown" : usd.toFixed(usd === 0 || usd >= 1 ? 2 : 6);
}
