import {
  consumeUntilStopped,
  healthRoutes,
  openMessageLog,
  openTracking,
  type Patience,
  type ProcessContext,
  persist,
  type Redis,
  runProcess,
  serveHttp,
} from "@millrace/shared";
import { batchesAtOnce, type EmbedConfig, embedConfig, providerSettings } from "./config.ts";
import { Embed, PROVIDER } from "./embed.ts";
import { cachedEmbedder, type Embedder, pooledEmbedder } from "./embedder.ts";
import { fixedKey, openSecretKey } from "./openai/api-key.ts";
import { type EmbedderPool, openPool } from "./pool.ts";
import { queryRoute } from "./query-route.ts";
import { createVectorCache } from "./redis/vector-cache.ts";

await runProcess("embed", embedConfig, async (context) => {
  const { config, log, health, patience } = context;
  const settings = providerSettings(config);
  const concurrency = batchesAtOnce(config, settings);
  const { OPENAI_API_KEY_SECRET_ARN: arn } = config;
  const isSecret = arn !== undefined && settings.provider === "openai";
  using key = isSecret ? await openSecretKey(arn, config, patience) : fixedKey(config.OPENAI_API_KEY);
  await using pool = openPool(settings, config.EMBED_WORKERS, concurrency, key);
  // First, so that the process answers while it waits for what follows.
  const app = healthRoutes(health).route("/", queryRoute(pool, log));
  await using _server = await serveHttp(app, config.HOST, config.PORT);
  await using messages = await openMessageLog("embed", context);

  await key.untilRead();
  health.starting(PROVIDER);
  const model = await probe(pool, patience);
  log.record("process.start", "ok", undefined, { dependency: PROVIDER, provider: settings.provider, ...model });

  await using tracking = await openTracking("embed", context, messages);
  // Computing a vector locally is cheaper than asking Redis for it.
  const worthCaching = config.EMBEDDING_CACHE && settings.provider !== "local";
  const embedder = worthCaching ? cached(pool, tracking.redis, model, context) : pooledEmbedder(pool);

  const embed = new Embed(config, concurrency, { embedder, ...messages, ...tracking, patience });
  await consumeUntilStopped("embed", context, messages, tracking, {
    topics: [config.BATCHES_TOPIC],
    // One more batch a request in flight, so that none waits for a fetch.
    inFlightMax: 2 * concurrency,
    inFlightMaxBytes: config.EMBED_IN_FLIGHT_MAX_BYTES,
    accept: (received) => embed.accept(received),
    activity: () => ({
      messages: embed.messages,
      latencies: { "embed.request": embed.requestLatency.summary, "embed.batch": embed.batchLatency.summary },
    }),
  });
});

interface Model {
  model: string;
  dimensions: number;
}

function cached(
  pool: EmbedderPool,
  redis: Redis,
  model: Model,
  { config, log }: ProcessContext<EmbedConfig>,
): Embedder {
  const cache = createVectorCache(redis, log, {
    ...model,
    keyPrefix: config.REDIS_KEY_PREFIX,
    timeToLiveS: config.EMBEDDING_CACHE_TTL_S,
  });
  return cachedEmbedder(pool, cache);
}

/** Embeds one word, so that a wrong key or an unreachable provider shows before the first message. */
function probe(pool: EmbedderPool, patience: Patience): Promise<Model> {
  return persist(
    { dependency: PROVIDER, action: "process.start" },
    async (signal) => {
      const outcome = await pool.embed(["probe"], signal);
      return "fault" in outcome ? outcome : { value: { model: outcome.model, dimensions: outcome.dimensions } };
    },
    patience,
  );
}
