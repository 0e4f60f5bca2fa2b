interface EmbeddingModel {
  usdPerMillionTokens: number;
  /** If the request names none. */
  dimensions: number;
}

/**
 * OpenAI's embeddings models as their pages (https://developers.openai.com/api/docs/models) described them in November
 * 2026: the list price of input tokens (without the Batch API's discount) and the default dimensions.
 */
const models: Readonly<Record<string, EmbeddingModel>> = {
  "text-embedding-3-small": { usdPerMillionTokens: 0.02, dimensions: 1_536 },
  "text-embedding-3-large": { usdPerMillionTokens: 0.13, dimensions: 3_072 },
  "text-embedding-ada-002": { usdPerMillionTokens: 0.1, dimensions: 1_536 },
};

/** Dimensions of the local embedder, in `packages/embed/model`. */
export const LOCAL_DIMENSIONS = 256;

/** Models with a known price. */
export const pricedModels: readonly string[] = Object.keys(models);

/** Dollars per million tokens of a model; `undefined` for an unknown model. */
export function priceOf(model: string): number | undefined {
  return known(model)?.usdPerMillionTokens;
}

/** A model's default dimensions; `undefined` for an unknown model. */
export function dimensionsOf(model: string): number | undefined {
  return known(model)?.dimensions;
}

/** Cost of these tokens in dollars; `undefined` for a model without a known price. */
export function estimateUsd(model: string, tokens: number): number | undefined {
  const price = priceOf(model);
  return price === undefined ? undefined : (price * tokens) / 1_000_000;
}

function known(model: string): EmbeddingModel | undefined {
  return Object.hasOwn(models, model) ? models[model] : undefined;
}
