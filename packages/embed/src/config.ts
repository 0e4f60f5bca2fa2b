import { checkIdentity, redisSettings } from "@millrace/connections";
import { consumerSettings, kafkaSettings, topicSettings } from "@millrace/kafka";
import {
  batchSettings,
  checkEmbeddingKey,
  embeddingSettings,
  openAiDimensions,
  priceOf,
  processSettings,
  variable,
} from "@millrace/shared";
import { z } from "zod";
import type { RequestLimits } from "./join-waiting.ts";
import type { SpendingLimits } from "./spending-budget.ts";

const settings = z.object({
  PORT: variable
    .integer(0, 65_535)
    .default(8082)
    .meta({ description: "Port of the HTTP server; the api requests the vectors of search texts from it." }),
  ...processSettings,
  // An embeddings request for a large batch takes seconds.
  SLOW_OPERATION_MS: processSettings.SLOW_OPERATION_MS.unwrap()
    .default(10_000)
    .meta({ ...processSettings.SLOW_OPERATION_MS.meta() }),
  ...kafkaSettings,
  ...topicSettings,
  ...consumerSettings,
  ...redisSettings,
  ...embeddingSettings,
  ...batchSettings,
  EMBED_CONCURRENCY: variable.integer(1, 1_024).default(4).meta({
    description:
      "Maximum concurrent embeddings requests per process; the local provider computes one batch per worker instead.",
  }),
  EMBED_WORKERS: variable
    .integer(1, 64)
    .default(1)
    .meta({ description: "Worker threads that compute the local provider's vectors." }),
  EMBEDDING_CACHE: variable.flag().default(true).meta({
    description:
      "Cache the provider's vectors in Redis by content, so that each text is paid for once; not used by the local provider.",
  }),
  EMBEDDING_CACHE_TTL_S: variable
    .integer(60, 31_536_000)
    .default(604_800)
    .meta({ description: "Time to live of a cached vector." }),
  EMBEDDING_RATE_LOCAL_SHARE: z.coerce.number({ error: "not a number" }).gt(0).max(1).default(0.25).meta({
    description:
      "Share of the API's rate limits that one process uses while Redis is unavailable; set it to 1 divided by the number of embed processes.",
  }),
  EMBEDDING_BUDGET_USD_PER_DAY: variable.dollars().optional().meta({
    description:
      "Maximum dollars that all embed processes together spend per day (UTC); once spent, batches wait for the next day. Default: no limit.",
  }),
  EMBED_IN_FLIGHT_MAX_BYTES: variable
    .integer(1_024, 1_073_741_824)
    .default(8_388_608)
    .meta({ description: "Maximum bytes of the batches in flight; fetching pauses at this limit." }),
});

/** The configuration of the embed process. */
export const embedConfig = settings.superRefine(checkEmbeddingKey).superRefine(checkPrice).superRefine(checkIdentity);
export type EmbedConfig = z.output<typeof embedConfig>;

type PriceVariable =
  | "EMBEDDING_BUDGET_USD_PER_DAY"
  | "EMBEDDING_PRICE_USD_PER_MILLION_TOKENS"
  | "OPENAI_EMBEDDING_MODEL";
type PriceSettings = Pick<z.output<typeof settings>, PriceVariable>;

function checkPrice(config: PriceSettings, context: z.core.$RefinementCtx): void {
  if (config.EMBEDDING_BUDGET_USD_PER_DAY === undefined || priceFor(config) !== undefined) return;
  const message = "required by EMBEDDING_BUDGET_USD_PER_DAY, since the model has no known price";
  context.addIssue({ code: "custom", path: ["EMBEDDING_PRICE_USD_PER_MILLION_TOKENS"], message });
}

/** Dollars per million tokens: the configured price, or else the model's list price. */
export function priceFor(config: PriceSettings): number | undefined {
  return config.EMBEDDING_PRICE_USD_PER_MILLION_TOKENS ?? priceOf(config.OPENAI_EMBEDDING_MODEL);
}

/** `undefined` without a budget. */
export function spendingLimits(config: EmbedConfig): SpendingLimits | undefined {
  const usdPerDay = config.EMBEDDING_BUDGET_USD_PER_DAY;
  const usdPerMillionTokens = priceFor(config);
  if (usdPerDay === undefined || usdPerMillionTokens === undefined) return undefined;
  return { usdPerDay, usdPerMillionTokens };
}

/** The part of the configuration that a provider needs. */
export type ProviderSettings =
  | { provider: "local" }
  | {
      provider: "openai";
      /** Absent if the key is in Secrets Manager. */
      apiKey?: string;
      baseUrl: string;
      model: string;
      /** Sent in the request. */
      requestedDimensions?: number;
      /** Expected in the response; absent for an unknown model. */
      expectedDimensions?: number;
      timeoutMs: number;
    };

export function providerSettings(config: EmbedConfig): ProviderSettings {
  const { EMBEDDING_PROVIDER: provider, OPENAI_API_KEY: apiKey, OPENAI_API_KEY_SECRET_ARN: secret } = config;
  if (provider === "local" || (apiKey ?? secret) === undefined) return { provider: "local" };
  const requested = config.OPENAI_EMBEDDING_DIMENSIONS;
  const expected = openAiDimensions(config);
  return {
    provider: "openai",
    ...(apiKey !== undefined && { apiKey }),
    baseUrl: config.OPENAI_BASE_URL,
    model: config.OPENAI_EMBEDDING_MODEL,
    ...(requested !== undefined && { requestedDimensions: requested }),
    ...(expected !== undefined && { expectedDimensions: expected }),
    timeoutMs: config.OPENAI_TIMEOUT_MS,
  };
}

export function requestLimits(config: EmbedConfig): RequestLimits {
  return { texts: config.BATCH_MAX_MESSAGES, tokens: config.BATCH_MAX_TOKENS };
}

/** One batch being computed, and the next one ready. */
export const BATCHES_PER_WORKER = 2;

/** Batches in progress at once: computed or about to be (local), or with a request in flight. */
export function batchesAtOnce(config: EmbedConfig, { provider }: ProviderSettings): number {
  return provider === "local" ? BATCHES_PER_WORKER * config.EMBED_WORKERS : config.EMBED_CONCURRENCY;
}
