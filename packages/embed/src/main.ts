import type { Redis } from "@millrace/connections";
import { examineAtStart, examineCommon, examineEmbedding } from "@millrace/doctor";
import {
  healthRoutes,
  metricsRoute,
  type Patience,
  type ProcessContext,
  retryUntilDone,
  runProcess,
  serveHttp,
} from "@millrace/shared";
import { openStageKafka, openTracking, runStage } from "@millrace/stage";
import type { Allowances } from "./account.ts";
import { type Admission, admitTo, type Budgets, PROVIDER } from "./admission.ts";
import {
  batchesAtOnce,
  type EmbedConfig,
  embedConfig,
  priceFor,
  providerSettings,
  requestLimits,
  spendingLimits,
} from "./config.ts";
import { createEmbedStage } from "./embed.ts";
import { cachedEmbedder, type Embedder, plainEmbedder } from "./embedder.ts";
import { exposeMetrics } from "./expose-metrics.ts";
import { openProvider } from "./open-provider.ts";
import { fixedKey, openSecretKey } from "./openai/api-key.ts";
import type { EmbeddingProvider } from "./provider.ts";
import { queryRoute } from "./query-route.ts";
import { createRateBudget } from "./rate-budget.ts";
import { accountKey, createRateBucket } from "./redis/rate-bucket.ts";
import { createSpendingCounter } from "./redis/spending-counter.ts";
import { createVectorCache } from "./redis/vector-cache.ts";
import { createSpendingBudget } from "./spending-budget.ts";

/** Batches that are fetched, for each that may be worked on. */
const BATCHES_PER_PLACE = 4;

await runProcess("embed", embedConfig, async (context) => {
  const { config, log, health, metrics, tracing, patience } = context;
  const settings = providerSettings(config);
  const concurrency = batchesAtOnce(config, settings);
  const limits = requestLimits(config);
  const { OPENAI_API_KEY_SECRET_ARN: arn } = config;
  const isSecret = arn !== undefined && settings.provider === "openai";
  using key = isSecret ? await openSecretKey(arn, config, patience) : fixedKey(config.OPENAI_API_KEY);
  await using provider = await openProvider(settings, config.EMBED_WORKERS, key);
  // First, so that the process answers while it waits for what follows.
  let admission = admitTo(provider, concurrency, limits, patience);
  const queries = queryRoute({ embedAtOnce: (...query) => admission.embedAtOnce(...query) }, log);
  const app = healthRoutes(health).route("/", metricsRoute(metrics)).route("/", queries);
  await using _server = await serveHttp(app, config.HOST, config.PORT);
  void examineAtStart("embed", context, (surroundings) => [
    ...examineCommon("embed", config, surroundings),
    ...examineEmbedding(config, surroundings, (signal) => askModel(provider, signal)),
  ]);
  await using kafka = await openStageKafka("embed", context);

  await key.untilRead();
  health.starting(PROVIDER);
  const { allowances, ...model } = await probe(provider, patience);
  log.record("process.start", "ok", undefined, { dependency: PROVIDER, provider: settings.provider, ...model });

  await using tracking = await openTracking("embed", context, kafka);
  // Computing a vector locally is cheaper than asking Redis for it.
  const worthCaching = config.EMBEDDING_CACHE && settings.provider !== "local";
  let budgets: Partial<Budgets> = {};
  if (settings.provider === "openai") {
    const account = accountKey(config.REDIS_KEY_PREFIX, settings.baseUrl, settings.model);
    budgets = openBudgets(tracking.redis, account, allowances, context);
    admission = admitTo(provider, concurrency, limits, patience, budgets);
  }
  const embedder = worthCaching ? cached(admission, tracking.redis, model, context) : plainEmbedder(admission);

  exposeMetrics(metrics, { ...model, usdPerMillionTokens: priceFor(config), admission, embedder, budgets });
  const stage = createEmbedStage(config, { embedder, ...kafka, ...tracking, tracing, log });
  await runStage("embed", context, kafka, tracking, {
    topics: new Map([[config.BATCHES_TOPIC, (received) => stage.accept(received)]]),
    // None waits for a fetch, and small batches find others to share a request with.
    inFlightMax: BATCHES_PER_PLACE * concurrency,
    inFlightMaxBytes: config.EMBED_IN_FLIGHT_MAX_BYTES,
    done: stage.done,
  });
});

interface Model {
  model: string;
  dimensions: number;
}

function openBudgets(
  redis: Redis,
  account: string,
  heard: Allowances,
  { config, log, patience }: ProcessContext<EmbedConfig>,
): Budgets {
  const limits = spendingLimits(config);
  const counter = createSpendingCounter(redis, config.REDIS_KEY_PREFIX);
  return {
    rate: createRateBudget(createRateBucket(redis, account), log, heard, config.EMBEDDING_RATE_LOCAL_SHARE),
    spending: limits && createSpendingBudget(counter, patience, limits),
  };
}

function cached(
  admission: Admission,
  redis: Redis,
  model: Model,
  { config, log }: ProcessContext<EmbedConfig>,
): Embedder {
  const cache = createVectorCache(redis, log, {
    ...model,
    keyPrefix: config.REDIS_KEY_PREFIX,
    timeToLiveS: config.EMBEDDING_CACHE_TTL_S,
  });
  return cachedEmbedder(admission, cache);
}

async function askModel(provider: EmbeddingProvider, signal: AbortSignal): Promise<Model> {
  const outcome = await provider.embed(["probe"], { signal });
  if ("fault" in outcome) throw new Error(outcome.fault.cause);
  return outcome;
}

/** Embeds one word, so that a wrong key or an unreachable provider shows before the first message. */
function probe(provider: EmbeddingProvider, patience: Patience): Promise<Model & { allowances: Allowances }> {
  return retryUntilDone(
    { dependency: PROVIDER, action: "process.start" },
    async (signal) => {
      const outcome = await provider.embed(["probe"], { signal });
      if ("fault" in outcome) return outcome;
      const { model, dimensions, account } = outcome;
      return { value: { model, dimensions, allowances: account?.allowances ?? {} } };
    },
    patience,
  );
}
