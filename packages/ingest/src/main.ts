import {
  consumeUntilStopped,
  examineAtStart,
  healthRoutes,
  openMessageLog,
  openTracking,
  runProcess,
  serveHttp,
} from "@millrace/shared";
import { ingestConfig } from "./config.ts";
import { Ingest } from "./ingest.ts";

await runProcess("ingest", ingestConfig, async (context) => {
  const { config, log, health } = context;
  // First, so that the process answers while it waits for what follows.
  await using _server = await serveHttp(healthRoutes(health), config.HOST, config.PORT);
  void examineAtStart("ingest", context);
  await using messages = await openMessageLog("ingest", context);
  await using tracking = await openTracking("ingest", context, messages);

  const ingest = new Ingest(config, { ...messages, ...tracking, log });
  await consumeUntilStopped("ingest", context, messages, tracking, {
    topics: [...config.KAFKA_TOPICS, config.REPLAY_TOPIC],
    inFlightMax: config.INGEST_IN_FLIGHT_MAX,
    inFlightMaxBytes: config.INGEST_IN_FLIGHT_MAX_BYTES,
    accept: (received) => ingest.accept(received),
    activity: () => ({ messages: ingest.messages, latencies: { "ingest.pack": ingest.latency.summary } }),
  });
});
