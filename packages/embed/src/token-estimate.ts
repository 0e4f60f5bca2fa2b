import { bytesOf } from "./bytes-of.ts";

/** No token of a byte-level encoding, such as OpenAI's, is shorter than a byte. */
const TOKENS_PER_BYTE_MAX = 1;
/** Until an answer tells. In cl100k_base English takes 0.23, Chinese and Japanese 0.36, and random letters 0.84. */
const TOKENS_PER_BYTE_AT_FIRST = 0.33;
/** By this a server refuses a request before it counts. */
const TOKENS_PER_BYTE_CHARGED = 0.25;
/** The next texts may be denser than the last ones. */
const MARGIN = 1.1;
/** What is kept of the densest answer with each later one: half of it after 35. */
const MEMORY = 0.98;

/**
 * How many tokens a request will be charged, by what the last answers were. It costs nothing, where counting them would take
 * a tokenizer of 40 MB and about 10 µs a text; what was charged in the end is settled afterwards.
 */
export class TokenEstimate {
  #densest: number | undefined;

  /** An upper bound, as long as the texts are no denser than a tenth above the densest of late. */
  of(texts: readonly string[]): number {
    const perByte = Math.max(TOKENS_PER_BYTE_CHARGED, MARGIN * (this.#densest ?? TOKENS_PER_BYTE_AT_FIRST));
    return Math.ceil(bytesOf(texts) * Math.min(TOKENS_PER_BYTE_MAX, perByte));
  }

  /** @param tokens that the server counted in these texts, more than 0 */
  learn(texts: readonly string[], tokens: number): void {
    const perByte = tokens / Math.max(1, bytesOf(texts));
    this.#densest = Math.max(perByte, MEMORY * (this.#densest ?? 0));
  }
}
