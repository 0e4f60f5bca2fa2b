import { createRequire } from "node:module";

type Encoding = typeof import("gpt-tokenizer/encoding/cl100k_base");

const require = createRequire(import.meta.url);
let encoding: Encoding | undefined;

/** The server's own estimate, by which it refuses a request before it counts: 0.25 token per UTF-8 byte. */
const ESTIMATED_TOKENS_PER_BYTE = 0.25;

/** Up to here the number of bytes is a good enough bound; counting exactly costs more than the batches would gain. */
const COUNTED_FROM_BYTES = 1_024;

/** Tokens of a text in cl100k_base, the encoding of OpenAI's embeddings models. Takes about 5 µs for 100 bytes. */
export function tokensOf(text: string): number {
  // The encoding's table takes 40 MB of memory: it is loaded with the first text to be counted, and not by `import()`, by
  // which whoever counts would have to wait.
  encoding ??= require("gpt-tokenizer/encoding/cl100k_base") as Encoding;
  return encoding.countTokens(text, { disallowedSpecial: new Set() });
}

/** Tokens that a text may count as: the larger of its own and the server's estimate. */
export function tokensCharged(text: string): number {
  return Math.max(tokensOf(text), Math.ceil(Buffer.byteLength(text) * ESTIMATED_TOKENS_PER_BYTE));
}

/**
 * How much of a request's token budget a text takes: a bound of `tokensCharged` that is cheap for short texts.
 *
 * A byte-level encoding has no token shorter than a byte, so the length in bytes is an upper bound, and it is taken for
 * short texts. Texts that the estimate alone puts over `limit` are not counted either.
 */
export function tokenBudget(text: Buffer, limit: number): number {
  const estimate = Math.ceil(text.length * ESTIMATED_TOKENS_PER_BYTE);
  if (estimate > limit) return estimate;
  if (text.length < Math.min(COUNTED_FROM_BYTES, limit)) return text.length;
  return tokensCharged(text.toString());
}
