import { createHash } from "node:crypto";

/** What cached vectors depend on besides their texts. */
export interface VectorSpace {
  keyPrefix: string;
  model: string;
  dimensions: number;
}

/**
 * Keys of the embedding cache: `<prefix>:vector:<model>:<dimensions>:<SHA-256 of the text>`.
 *
 * The key is injective: read from the right, the hash has 64 digits and the dimensions are a number, so a model's name
 * can't make it ambiguous.
 */
export function vectorKeys({ keyPrefix, model, dimensions }: VectorSpace): (text: Buffer) => string {
  const prefix = `${keyPrefix}:vector:${model}:${dimensions}:`;
  return (text) => prefix + createHash("sha256").update(text).digest("hex");
}
