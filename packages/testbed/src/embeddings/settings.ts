import { z } from "zod";

/** The API's faults. `stall` sends half of a response and then nothing; `close` breaks off there. */
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
  /** Until a response begins. */
  latencyMs: z.number().nonnegative(),
  /** 0: no limit. Setting it starts with a full bucket. */
  tokensPerMinute: z.int().nonnegative(),
  requestsPerMinute: z.int().nonnegative(),
  /** A fault, and the share of requests that it affects, evenly spread: with 0.3, requests 4, 7, 10, … */
  mode: z.object({ fault: z.enum(embeddingsFaults), share: z.number().min(0).max(1) }).nullable(),
});
export type EmbeddingsSettings = z.output<typeof embeddingsSettings>;

export const WELL_BEHAVED: EmbeddingsSettings = { latencyMs: 0, tokensPerMinute: 0, requestsPerMinute: 0, mode: null };

/** The response of `GET /stats`: counts since the server started. */
export const embeddingsStats = z.object({
  /** All requests, whatever the response. */
  requests: z.int(),
  /** Requests, texts and tokens that were embedded, and so paid for. */
  embedded: z.object({ requests: z.int(), texts: z.int(), tokens: z.int() }),
  /** Those that have not been answered yet. */
  inFlight: z.object({ requests: z.int(), texts: z.int() }),
  /** Texts that had been paid for before. */
  paidAgain: z.int(),
  /** 429 responses because of a limit. */
  rateLimited: z.int(),
  /** Processor time of the server itself. */
  cpuMicroseconds: z.number(),
});
export type EmbeddingsStats = z.output<typeof embeddingsStats>;
