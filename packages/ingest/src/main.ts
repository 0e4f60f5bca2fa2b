import { examineAtStart, examineCommon } from "@millrace/doctor";
import { openValueDecoder } from "@millrace/events/value-decoder";
import type { Received } from "@millrace/kafka";
import { healthRoutes, metricsRoute, runProcess, serveHttp } from "@millrace/shared";
import { openStageKafka, openTracking, runStage } from "@millrace/stage";
import { ingestConfig } from "./config.ts";
import { Ingest } from "./ingest.ts";

await runProcess("ingest", ingestConfig, async (context) => {
  const { config, log, health, metrics, tracing, patience } = context;
  // First, so that the process answers while it waits for what follows.
  const app = healthRoutes(health).route("/", metricsRoute(metrics));
  await using _server = await serveHttp(app, config.HOST, config.PORT);
  void examineAtStart("ingest", context, (surroundings) => examineCommon("ingest", config, surroundings));
  await using kafka = await openStageKafka("ingest", context);
  await using tracking = await openTracking("ingest", context, kafka);

  const values = await openValueDecoder(config, patience);
  const ingest = new Ingest(config, { ...kafka, ...tracking, tracing, log, values });
  metrics.exposeOne("millrace_tokens_packed_total", () => ingest.tokens);
  metrics.exposeOne("millrace_replays_unidentified_total", () => ingest.unidentified);
  const accept = (received: Received) => ingest.accept(received);
  await runStage("ingest", context, kafka, tracking, {
    topics: new Map([...config.KAFKA_TOPICS, config.REPLAY_TOPIC].map((topic) => [topic, accept])),
    inFlightMax: config.INGEST_IN_FLIGHT_MAX,
    inFlightMaxBytes: config.INGEST_IN_FLIGHT_MAX_BYTES,
    done: ingest.done,
  });
});
