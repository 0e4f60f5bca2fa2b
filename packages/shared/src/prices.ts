/**
 * Dollars for a million input tokens, as the models' pages at developers.openai.com/api/docs/models stated on 2026-11-21,
 * without the discount of the Batch API. A model that is not here has no known price.
 */
const usdPerMillionTokens: Readonly<Record<string, number>> = {
  "text-embedding-3-small": 0.02,
  "text-embedding-3-large": 0.13,
  "text-embedding-ada-002": 0.1,
};

/** The models that have a price here. */
export const pricedModels: readonly string[] = Object.keys(usdPerMillionTokens);

/** Dollars for a million tokens of a model; `undefined` where nobody knows. */
export function priceOf(model: string): number | undefined {
  return Object.hasOwn(usdPerMillionTokens, model) ? usdPerMillionTokens[model] : undefined;
}

/** Dollars for so many tokens of a model; `undefined` where nobody knows its price. */
export function estimateUsd(model: string, tokens: number): number | undefined {
  const price = priceOf(model);
  return price === undefined ? undefined : (price * tokens) / 1_000_000;
}
