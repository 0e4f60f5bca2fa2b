import {
  aborted,
  announcePresence,
  connectProducer,
  consume,
  createAttempts,
  createDeadLetters,
  createKafka,
  createTracker,
  ensurePipelineTopics,
  firstConnection,
  healthRoutes,
  openRedis,
  type Patience,
  persist,
  runProcess,
  serveHttp,
} from "@millrace/shared";
import { batchesAtOnce, embedConfig, providerSettings } from "./config.ts";
import { Embed, PROVIDER } from "./embed.ts";
import { cachedEmbedder, pooledEmbedder } from "./embedder.ts";
import { type EmbedderPool, openPool } from "./pool.ts";
import { queryRoute } from "./query-route.ts";
import { createVectorCache } from "./redis/vector-cache.ts";

await runProcess("embed", embedConfig, async (context) => {
  const { config, log, health, instance, stop, patience } = context;
  const settings = providerSettings(config);
  const concurrency = batchesAtOnce(config, settings);
  await using pool = openPool(settings, config.EMBED_WORKERS, concurrency);
  const app = healthRoutes(health).route("/", queryRoute(pool, log));
  await using _server = await serveHttp(app, config.HOST, config.PORT);

  const kafka = createKafka(config, `embed-${instance}`, log);
  await ensurePipelineTopics(kafka, config, patience);
  await using producer = await connectProducer(kafka, patience);

  health.starting(PROVIDER);
  const { model, dimensions } = await probe(pool, patience);
  log.record("process.start", "ok", undefined, {
    dependency: PROVIDER,
    provider: settings.provider,
    model,
    dimensions,
  });

  const redis = openRedis(config, patience);
  await firstConnection(redis, config);
  const tracker = createTracker(redis, config, log);
  const attempts = createAttempts(redis, config.REDIS_KEY_PREFIX);
  const deadLetters = createDeadLetters("embed", config.DEAD_LETTERS_TOPIC, { producer, tracker, log });

  const cache = createVectorCache(redis, log, {
    model,
    dimensions,
    keyPrefix: config.REDIS_KEY_PREFIX,
    timeToLiveS: config.EMBEDDING_CACHE_TTL_S,
  });
  // Computing a vector locally is cheaper than asking Redis for it.
  const worthCaching = config.EMBEDDING_CACHE && settings.provider !== "local";
  const embedder = worthCaching ? cachedEmbedder(pool, cache) : pooledEmbedder(pool);

  const embed = new Embed(config, concurrency, { embedder, attempts, producer, deadLetters, tracker, patience });
  await using consumption = await consume(
    kafka,
    {
      groupId: `${config.KAFKA_GROUP_PREFIX}-embed`,
      topics: [config.BATCHES_TOPIC],
      // One more batch a request in flight, so that none waits for a fetch.
      inFlightMax: 2 * concurrency,
      inFlightMaxBytes: config.EMBED_IN_FLIGHT_MAX_BYTES,
      settings: config,
      attempts,
      accept: (received) => embed.accept(received),
    },
    patience,
  );
  health.started();
  log.record("process.ready", "ok");
  await using _presence = announcePresence(redis, "embed", context, () => ({
    messages: embed.messages,
    deadLettered: deadLetters.count,
    inFlight: consumption.inFlight,
    lastActivityAt: consumption.lastReceivedAt,
    latencies: { "embed.request": embed.requestLatency.summary, "embed.batch": embed.batchLatency.summary },
  }));

  await aborted(stop);
  await consumption.drain(patience.hardStop);
  await tracker.flush();
});

/** Embeds one word, so that a wrong key or an unreachable provider shows before the first message. */
function probe(pool: EmbedderPool, patience: Patience): Promise<{ model: string; dimensions: number }> {
  return persist(
    { dependency: PROVIDER, action: "process.start" },
    async (signal) => {
      const outcome = await pool.embed(["probe"], signal);
      return "fault" in outcome ? outcome : { value: { model: outcome.model, dimensions: outcome.dimensions } };
    },
    patience,
  );
}
