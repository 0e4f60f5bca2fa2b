import { examineAtStart, examineCommon, examineOpenSearch, examinePostgres } from "@millrace/doctor";
import { type OpenSearchClient, openOpenSearch } from "@millrace/opensearch";
import { exposePool, openPostgres } from "@millrace/postgres";
import {
  ConfigurationError,
  healthRoutes,
  metricsRoute,
  type Patience,
  retryable,
  retryUntilDone,
  runProcess,
  serveHttp,
} from "@millrace/shared";
import { openStageKafka, openTracking, runStage } from "@millrace/stage";
import { type SinkConfig, sinkConfig } from "./config.ts";
import { DeadLettersConsumer } from "./dead-letters-consumer.ts";
import { documentIds } from "./document-id.ts";
import { missingIndex, OpenSearchIndex, readDimensions } from "./opensearch/search-index.ts";
import { ServerlessIndex } from "./opensearch/serverless-index.ts";
import { PostgresAuditLog } from "./postgres/audit-log.ts";
import { prepareDatabase } from "./postgres/prepare-database.ts";
import { createVectorsStage } from "./vectors-stage.ts";

/** Dead letters are written many at a time; vectors are bounded by their bytes first. */
const IN_FLIGHT_MAX = 512;

await runProcess("sink", sinkConfig, async (context) => {
  const { config, log, health, metrics, tracing, patience } = context;
  // First, so that the process answers while it waits for what follows.
  const app = healthRoutes(health).route("/", metricsRoute(metrics));
  await using _server = await serveHttp(app, config.HOST, config.PORT);
  void examineAtStart("sink", context, (surroundings) => [
    ...examineCommon("sink", config, surroundings),
    examinePostgres(config, openPostgres, { writes: true }),
    examineOpenSearch("sink", config, openOpenSearch),
  ]);

  const postgres = openPostgres(config, patience);
  exposePool(metrics, postgres, config.POSTGRES_POOL_MAX);
  if (config.POSTGRES_MIGRATE) await prepareDatabase(postgres, config, patience);
  log.record("process.start", "ok", undefined, { dependency: "postgres", schema: config.POSTGRES_SCHEMA });

  const openSearch = openOpenSearch(config, patience);
  const dimensions = await inspectIndex(openSearch, config, patience);
  log.record("process.start", "ok", undefined, {
    dependency: "opensearch",
    index: config.OPENSEARCH_INDEX,
    dimensions,
  });

  await using kafka = await openStageKafka("sink", context);
  await using tracking = await openTracking("sink", context, kafka);

  const documents = new OpenSearchIndex(openSearch, config, log);
  const serverless = config.OPENSEARCH_AWS_SERVICE === "aoss";
  const index = serverless ? new ServerlessIndex(openSearch, config.OPENSEARCH_INDEX, documents) : documents;
  const audit = new PostgresAuditLog(postgres, config.OPENSEARCH_INDEX, documentIds[config.DOCUMENT_ID]);
  const vectors = createVectorsStage({ index, audit, ...tracking, tracing, log, patience }, config);
  metrics.exposeOne("millrace_publish_to_stored_seconds", () => vectors.publishToStored);
  const letters = new DeadLettersConsumer((some, signal) => audit.recordRefused(some, signal), patience);
  await runStage("sink", context, kafka, tracking, {
    topics: new Map([
      [config.VECTORS_TOPIC, (received) => vectors.accept(received)],
      [config.DEAD_LETTERS_TOPIC, (received) => letters.accept(received)],
    ]),
    inFlightMax: IN_FLIGHT_MAX,
    inFlightMaxBytes: config.SINK_IN_FLIGHT_MAX_BYTES,
    done: vectors.done,
    latencies: { publish_to_stored: vectors.publishToStored },
  });
});

/** The dimensions of the index, or `undefined` where the first batch is to create it. */
async function inspectIndex(
  client: OpenSearchClient,
  config: SinkConfig,
  patience: Patience,
): Promise<number | undefined> {
  const dimensions = await retryUntilDone(
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
