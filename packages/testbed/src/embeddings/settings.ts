import { z } from "zod";

/** What the API does wrong. `stall` sends half of an answer and then nothing; `close` breaks off there. */
export const embeddingsFaults = [
  "rate-limit",
  "error",
  "hang",
  "stall",
  "close",
  "wrong-count",
  "wrong-dimensions",
  "not-a-number",
] as const;
export type EmbeddingsFault = (typeof embeddingsFaults)[number];

/** How the server behaves. */
export const embeddingsSettings = z.object({
  /** Until an answer begins. */
  latencyMs: z.number().nonnegative(),
  /** 0: no limit. Setting it begins with a full bucket. */
  tokensPerMinute: z.int().nonnegative(),
  requestsPerMinute: z.int().nonnegative(),
  /** A fault, and the share of the requests that it hits, evenly spread: of 0.3, requests 4, 7, 10, … */
  mode: z.object({ fault: z.enum(embeddingsFaults), share: z.number().min(0).max(1) }).nullable(),
});
export type EmbeddingsSettings = z.output<typeof embeddingsSettings>;

export const WELL_BEHAVED: EmbeddingsSettings = { latencyMs: 0, tokensPerMinute: 0, requestsPerMinute: 0, mode: null };

/** The answer of `GET /stats`: counts since the server began. */
export const embeddingsStats = z.object({
  /** All that came, whatever was answered. */
  requests: z.int(),
  /** Requests, texts and tokens that were embedded, and so paid for. */
  embedded: z.object({ requests: z.int(), texts: z.int(), tokens: z.int() }),
  /** Of these, what was not answered yet. */
  inFlight: z.object({ requests: z.int(), texts: z.int() }),
  /** Texts that were paid for before. */
  paidAgain: z.int(),
  /** Answers 429 because of a limit. */
  rateLimited: z.int(),
  /** Processor time of the server itself. */
  cpuMicroseconds: z.number(),
});
export type EmbeddingsStats = z.output<typeof embeddingsStats>;
