import { bytesOf } from "./bytes-of.ts";

/** No token of a byte-level encoding, such as OpenAI's, is shorter than a byte. */
const TOKENS_PER_BYTE_MAX = 1;
/** Used until the first response. In cl100k_base, English takes 0.23, Chinese and Japanese 0.36, random letters 0.84. */
const TOKENS_PER_BYTE_AT_FIRST = 0.33;
/** The server's own estimate, which it checks before it counts. */
const TOKENS_PER_BYTE_CHARGED = 0.25;
/** The next texts may be denser than the last ones. */
const MARGIN = 1.1;
/** Decay of the densest response per later response: half after 35. */
const MEMORY = 0.98;

/**
 * Estimates a request's tokens from recent responses. This is free, whereas counting takes a tokenizer of 40 MB and about
 * 10 µs per text; the actual usage is settled afterwards.
 */
export class TokenEstimate {
  #densest: number | undefined;

  /** An upper bound for texts at most a tenth denser than the densest recent ones. */
  of(texts: readonly string[]): number {
    const perByte = Math.max(TOKENS_PER_BYTE_CHARGED, MARGIN * (this.#densest ?? TOKENS_PER_BYTE_AT_FIRST));
    return Math.ceil(bytesOf(texts) * Math.min(TOKENS_PER_BYTE_MAX, perByte));
  }

  /** @param tokens counted by the server in these texts; more than 0 */
  learn(texts: readonly string[], tokens: number): void {
    const perByte = tokens / Math.max(1, bytesOf(texts));
    this.#densest = Math.max(perByte, MEMORY * (this.#densest ?? 0));
  }
}
