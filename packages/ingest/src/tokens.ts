import { countTokens } from "gpt-tokenizer/encoding/cl100k_base";

/** The server's own estimate, by which it refuses a request before it counts: 0.25 token per UTF-8 byte. */
const ESTIMATED_TOKENS_PER_BYTE = 0.25;

/** Up to here the number of bytes is a good enough bound; counting exactly costs more than the batches would gain. */
const COUNTED_FROM_BYTES = 1_024;

/**
 * How much of a request's token budget a text takes: the larger of its tokens and the server's estimate.
 *
 * A byte-level encoding has no token shorter than a byte, so the length in bytes is an upper bound, and it is taken for
 * short texts. Texts that the estimate alone puts over `limit` are not counted either.
 */
export function tokenBudget(text: Buffer, limit: number): number {
  const estimate = Math.ceil(text.length * ESTIMATED_TOKENS_PER_BYTE);
  if (estimate > limit) return estimate;
  if (text.length < Math.min(COUNTED_FROM_BYTES, limit)) return text.length;
  return Math.max(estimate, countTokens(text.toString(), { disallowedSpecial: new Set() }));
}
