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
    .meta({ description: "Port of the process's HTTP server; the api asks it for the vectors of search texts." }),
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
    description: "Most embeddings requests in flight of one process; the local provider computes one batch a worker.",
  }),
  EMBED_WORKERS: variable
    .integer(1, 64)
    .default(1)
    .meta({ description: "Worker threads of the local provider, which compute the vectors." }),
  EMBEDDING_CACHE: variable.flag().default(true).meta({
    description:
      "Keep the provider's vectors in Redis by content, so that a text is paid for once; the local provider needs none.",
  }),
  EMBEDDING_CACHE_TTL_S: variable
    .integer(60, 31_536_000)
    .default(604_800)
    .meta({ description: "How long a vector is kept in the cache." }),
  EMBEDDING_RATE_LOCAL_SHARE: z.coerce.number({ error: "not a number" }).gt(0).max(1).default(0.25).meta({
    description:
      "Share of the API's limits that one process keeps to while Redis is away; 1 divided by the number of embed processes.",
  }),
  EMBEDDING_BUDGET_USD_PER_DAY: variable.dollars().optional().meta({
    description:
      "Dollars that all embed processes together may spend in a day (UTC); then batches wait. Absent: no limit.",
  }),
  EMBED_IN_FLIGHT_MAX_BYTES: variable
    .integer(1_024, 1_073_741_824)
    .default(8_388_608)
    .meta({ description: "Most bytes of batches that were fetched and are not done." }),
});

/** Everything that the embed process can be told. */
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

/** Dollars for a million tokens: the price that was given, or else the model's. */
export function priceFor(config: PriceSettings): number | undefined {
  return config.EMBEDDING_PRICE_USD_PER_MILLION_TOKENS ?? priceOf(config.OPENAI_EMBEDDING_MODEL);
}

/** `undefined` where nothing limits the spending. */
export function spendingLimits(config: EmbedConfig): SpendingLimits | undefined {
  const usdPerDay = config.EMBEDDING_BUDGET_USD_PER_DAY;
  const usdPerMillionTokens = priceFor(config);
  if (usdPerDay === undefined || usdPerMillionTokens === undefined) return undefined;
  return { usdPerDay, usdPerMillionTokens };
}

/** What a provider needs to know. */
export type ProviderSettings =
  | { provider: "local" }
  | {
      provider: "openai";
      /** Absent where it lies in Secrets Manager. */
      apiKey?: string;
      baseUrl: string;
      model: string;
      /** Asked for in the request. */
      requestedDimensions?: number;
      /** Expected in the answer; absent for a model that this list does not know. */
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

/** Locally one that is computed, and the next. */
export const BATCHES_PER_WORKER = 2;

/** The batches worked on at once; elsewhere those whose requests wait for an answer. */
export function batchesAtOnce(config: EmbedConfig, { provider }: ProviderSettings): number {
  return provider === "local" ? BATCHES_PER_WORKER * config.EMBED_WORKERS : config.EMBED_CONCURRENCY;
}
