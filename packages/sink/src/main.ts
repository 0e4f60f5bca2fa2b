import {
  aborted,
  announcePresence,
  ConfigurationError,
  connectProducer,
  consume,
  createAttempts,
  createDeadLetters,
  createKafka,
  createTracker,
  ensurePipelineTopics,
  firstConnection,
  healthRoutes,
  type OpenSearchClient,
  openOpenSearch,
  openPostgres,
  openRedis,
  type Patience,
  type Pool,
  persist,
  retryable,
  runProcess,
  serveHttp,
} from "@millrace/shared";
import { type SinkConfig, sinkConfig } from "./config.ts";
import { DeadLettersConsumer } from "./dead-letters-consumer.ts";
import { documentIds } from "./document-id.ts";
import { missingIndex, OpenSearchIndex, readDimensions } from "./opensearch/search-index.ts";
import { PostgresAuditLog } from "./postgres/audit-log.ts";
import { migrate } from "./postgres/migrate.ts";
import { VectorsConsumer } from "./vectors-consumer.ts";

await runProcess("sink", sinkConfig, async (context) => {
  const { config, log, health, instance, stop, patience } = context;
  await using _server = await serveHttp(healthRoutes(health), config.HOST, config.PORT);

  const postgres = openPostgres(config, patience);
  await migrateDatabase(postgres, config, patience);
  log.record("process.start", "ok", undefined, { dependency: "postgres", schema: config.POSTGRES_SCHEMA });

  const openSearch = openOpenSearch(config, patience);
  const dimensions = await inspectIndex(openSearch, config, patience);
  log.record("process.start", "ok", undefined, {
    dependency: "opensearch",
    index: config.OPENSEARCH_INDEX,
    dimensions,
  });

  const kafka = createKafka(config, `sink-${instance}`, log);
  await ensurePipelineTopics(kafka, config, patience);
  await using producer = await connectProducer(kafka, patience);

  const redis = openRedis(config, patience);
  await firstConnection(redis, config);
  const tracker = createTracker(redis, config, log);
  const attempts = createAttempts(redis, config.REDIS_KEY_PREFIX);
  const deadLetters = createDeadLetters("sink", config.DEAD_LETTERS_TOPIC, { producer, tracker, log });

  const index = new OpenSearchIndex(openSearch, config, log);
  const audit = new PostgresAuditLog(postgres, config.OPENSEARCH_INDEX, documentIds[config.DOCUMENT_ID]);
  const vectors = new VectorsConsumer({ index, audit, deadLetters, tracker, attempts, patience }, config);
  const refused = new DeadLettersConsumer((letters) => audit.recordRefused(letters), patience);
  await using consumption = await consume(
    kafka,
    {
      groupId: `${config.KAFKA_GROUP_PREFIX}-sink`,
      topics: [config.VECTORS_TOPIC, config.DEAD_LETTERS_TOPIC],
      inFlightMax: 512,
      inFlightMaxBytes: config.SINK_IN_FLIGHT_MAX_BYTES,
      settings: config,
      attempts,
      accept: (received) => (received.topic === config.VECTORS_TOPIC ? vectors : refused).accept(received),
    },
    patience,
  );
  health.started();
  log.record("process.ready", "ok");
  await using _presence = announcePresence(redis, "sink", context, () => ({
    messages: vectors.messages,
    deadLettered: deadLetters.count,
    inFlight: consumption.inFlight,
    lastActivityAt: consumption.lastReceivedAt,
    latencies: { "sink.batch": vectors.latency.summary },
  }));

  await aborted(stop);
  await consumption.drain(patience.hardStop);
  await tracker.flush();
});

function migrateDatabase(postgres: Pool, config: SinkConfig, patience: Patience): Promise<void> {
  return persist(
    { dependency: "postgres", action: "sink.migrate" },
    async () => {
      try {
        await migrate(postgres, config.POSTGRES_SCHEMA);
        return { value: undefined };
      } catch (error) {
        return { fault: retryable("unavailable", error) };
      }
    },
    patience,
  );
}

/** The dimensions of the index, or `undefined` where the first batch is to create it. */
async function inspectIndex(
  client: OpenSearchClient,
  config: SinkConfig,
  patience: Patience,
): Promise<number | undefined> {
  const dimensions = await persist(
    { dependency: "opensearch", action: "sink.create_index" },
    async () => {
      try {
        return { value: await readDimensions(client, config.OPENSEARCH_INDEX) };
      } catch (error) {
        return { fault: retryable("unavailable", error) };
      }
    },
    patience,
  );
  if (dimensions === undefined && !config.OPENSEARCH_CREATE_INDEX) {
    throw new ConfigurationError([missingIndex(config.OPENSEARCH_INDEX)]);
  }
  return dimensions;
}
