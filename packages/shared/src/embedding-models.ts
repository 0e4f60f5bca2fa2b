interface EmbeddingModel {
  usdPerMillionTokens: number;
  /** Where none are asked for. */
  dimensions: number;
}

/**
 * OpenAI's embeddings models as their pages (https://developers.openai.com/api/docs/models) described them in November
 * 2026: the list price of input tokens, without the discount of the Batch API, and their own dimensions.
 */
const models: Readonly<Record<string, EmbeddingModel>> = {
  "text-embedding-3-small": { usdPerMillionTokens: 0.02, dimensions: 1_536 },
  "text-embedding-3-large": { usdPerMillionTokens: 0.13, dimensions: 3_072 },
  "text-embedding-ada-002": { usdPerMillionTokens: 0.1, dimensions: 1_536 },
};

/** Of the local embedder, in `packages/embed/model`. */
export const LOCAL_DIMENSIONS = 256;

/** The models that have a price here. */
export const pricedModels: readonly string[] = Object.keys(models);

/** Dollars for a million tokens of a model; `undefined` where nobody knows. */
export function priceOf(model: string): number | undefined {
  return known(model)?.usdPerMillionTokens;
}

/** A model's own dimensions; `undefined` where nobody knows. */
export function dimensionsOf(model: string): number | undefined {
  return known(model)?.dimensions;
}

/** Dollars for so many tokens of a model; `undefined` where nobody knows its price. */
export function estimateUsd(model: string, tokens: number): number | undefined {
  const price = priceOf(model);
  return price === undefined ? undefined : (price * tokens) / 1_000_000;
}

function known(model: string): EmbeddingModel | undefined {
  return Object.hasOwn(models, model) ? models[model] : undefined;
}
