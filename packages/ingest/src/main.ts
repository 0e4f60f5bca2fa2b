import { examineAtStart, examineCommon } from "@millrace/doctor";
import { openValueDecoder } from "@millrace/events/value-decoder";
import { healthRoutes, metricsRoute, runProcess, serveHttp } from "@millrace/shared";
import { consumeUntilStopped, openMessageLog, openTracking } from "@millrace/stage";
import { ingestConfig } from "./config.ts";
import { Ingest } from "./ingest.ts";

await runProcess("ingest", ingestConfig, async (context) => {
  const { config, log, health, metrics, tracing, patience } = context;
  // First, so that the process answers while it waits for what follows.
  const app = healthRoutes(health).route("/", metricsRoute(metrics));
  await using _server = await serveHttp(app, config.HOST, config.PORT);
  void examineAtStart("ingest", context, (surroundings) => examineCommon("ingest", config, surroundings));
  await using messages = await openMessageLog("ingest", context);
  await using tracking = await openTracking("ingest", context, messages);

  const values = await openValueDecoder(config, patience);
  const ingest = new Ingest(config, { ...messages, ...tracking, tracing, log, values });
  metrics.exposeOne("millrace_tokens_packed_total", () => ingest.tokens);
  await consumeUntilStopped("ingest", context, messages, tracking, {
    topics: [...config.KAFKA_TOPICS, config.REPLAY_TOPIC],
    inFlightMax: config.INGEST_IN_FLIGHT_MAX,
    inFlightMaxBytes: config.INGEST_IN_FLIGHT_MAX_BYTES,
    accept: (received) => ingest.accept(received),
    done: ingest.done,
  });
});
