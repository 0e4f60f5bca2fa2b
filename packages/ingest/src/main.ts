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
  runProcess,
  serveHttp,
} from "@millrace/shared";
import { ingestConfig } from "./config.ts";
import { Ingest } from "./ingest.ts";

await runProcess("ingest", ingestConfig, async (context) => {
  const { config, log, health, instance, stop, patience } = context;
  await using _server = await serveHttp(healthRoutes(health), config.HOST, config.PORT);

  const kafka = createKafka(config, `ingest-${instance}`, log);
  await ensurePipelineTopics(kafka, config, patience);
  await using producer = await connectProducer(kafka, patience);

  const redis = openRedis(config, patience);
  await firstConnection(redis, config);
  const tracker = createTracker(redis, config, log);
  const attempts = createAttempts(redis, config.REDIS_KEY_PREFIX);
  const deadLetters = createDeadLetters("ingest", config.DEAD_LETTERS_TOPIC, { producer, tracker, log });

  const ingest = new Ingest(config, { producer, deadLetters, tracker, log });
  await using consumption = await consume(
    kafka,
    {
      groupId: `${config.KAFKA_GROUP_PREFIX}-ingest`,
      topics: [...config.KAFKA_TOPICS, config.REPLAY_TOPIC],
      inFlightMax: config.INGEST_IN_FLIGHT_MAX,
      inFlightMaxBytes: config.INGEST_IN_FLIGHT_MAX_BYTES,
      settings: config,
      attempts,
      accept: (received) => ingest.accept(received),
    },
    patience,
  );
  health.started();
  log.record("process.ready", "ok");
  await using _presence = announcePresence(redis, "ingest", context, () => ({
    messages: ingest.messages,
    deadLettered: deadLetters.count,
    inFlight: consumption.inFlight,
    lastActivityAt: consumption.lastReceivedAt,
    latencies: { "ingest.pack": ingest.latency.summary },
  }));

  await aborted(stop);
  await consumption.drain(patience.hardStop);
  await tracker.flush();
});
