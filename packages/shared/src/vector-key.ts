import { createHash } from "node:crypto";

/** What the vectors in the embedding cache depend on besides their texts. */
export interface VectorSpace {
  keyPrefix: string;
  model: string;
  dimensions: number;
}

/**
 * Keys of the embedding cache: `<prefix>:vector:<model>:<dimensions>:<SHA-256 of the text>`.
 *
 * The key is injective: read from the right, a hash has 64 digits and dimensions are a number, whatever a model is called.
 */
export function vectorKeys({ keyPrefix, model, dimensions }: VectorSpace): (text: Buffer) => string {
  const prefix = `${keyPrefix}:vector:${model}:${dimensions}:`;
  return (text) => prefix + createHash("sha256").update(text).digest("hex");
}
