import { createHash } from "node:crypto";

export const DIMENSIONS = 64;
const BLOCKS = DIMENSIONS / 8;

/** The vector that the fake embeddings API gives a text: from SHA-256, so that every text has its own. */
export function vectorOf(text: string): Float32Array<ArrayBuffer> {
  const vector = new Float32Array(DIMENSIONS);
  for (let block = 0; block < BLOCKS; block++) {
    const digest = createHash("sha256").update(`${block}:`).update(text).digest();
    for (let index = 0; index < 8; index++) vector[block * 8 + index] = digest.readInt32LE(index * 4) / 2 ** 31;
  }
  return vector;
}

export function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("base64url");
}
