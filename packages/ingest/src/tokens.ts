import { createRequire } from "node:module";

type Encoding = typeof import("gpt-tokenizer/encoding/cl100k_base");

const require = createRequire(import.meta.url);
let encoding: Encoding | undefined;

/** The server's own estimate, which it checks before it counts tokens: 0.25 token per UTF-8 byte. */
const ESTIMATED_TOKENS_PER_BYTE = 0.25;

/** Below this size the number of bytes is a sufficient bound; an exact count costs more than fuller batches save. */
const COUNTED_FROM_BYTES = 1_024;

/** Tokens of a text in cl100k_base, the encoding of OpenAI's embeddings models. Takes about 5 µs for 100 bytes. */
export function tokensOf(text: string): number {
  // The encoding's table takes 40 MB of memory, so it is loaded with the first text to count. Not by `import()`, which
  // would make the callers asynchronous.
  encoding ??= require("gpt-tokenizer/encoding/cl100k_base") as Encoding;
  return encoding.countTokens(text, { disallowedSpecial: new Set() });
}

/** Tokens that a text may be charged: the larger of its exact count and the server's estimate. */
export function tokensCharged(text: string): number {
  return Math.max(tokensOf(text), Math.ceil(Buffer.byteLength(text) * ESTIMATED_TOKENS_PER_BYTE));
}

/**
 * Tokens of a text against a request's limit: an upper bound on `tokensCharged` that is cheap for short texts.
 *
 * A byte-level encoding has no token shorter than a byte, so the length in bytes is an upper bound and serves for short
 * texts. Texts over `limit` by the estimate alone are not counted either.
 */
export function tokenBudget(text: Buffer, limit: number): number {
  const estimate = Math.ceil(text.length * ESTIMATED_TOKENS_PER_BYTE);
  if (estimate > limit) return estimate;
  if (text.length < Math.min(COUNTED_FROM_BYTES, limit)) return text.length;
  return tokensCharged(text.toString());
}
