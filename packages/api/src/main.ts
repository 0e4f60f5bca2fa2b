import { exposeIdentity } from "@millrace/connections";
import { examineAtStart, examineCommon, examineEmbedRoute, examineOpenSearch, examinePostgres } from "@millrace/doctor";
import { ensurePipelineTopics } from "@millrace/kafka";
import { openOpenSearch } from "@millrace/opensearch";
import { exposePool, openPostgres } from "@millrace/postgres";
import { aborted, Health, runProcess, serveHttp } from "@millrace/shared";
import { acquire } from "./acquire.ts";
import { createApp } from "./app.ts";
import { logAuthMode } from "./auth/settings.ts";
import { apiConfig } from "./config.ts";
import { openEdges } from "./edges.ts";
import { createWebSocketServer } from "./streams/web-socket.ts";

await runProcess("api", apiConfig, async (context) => {
  const { config, log, health, metrics, tracing, stop, patience } = context;
  await using open = openEdges(config, patience, tracing);
  const { edges, embedProbe, kafka } = open;
  exposeIdentity(metrics, config);
  exposePool(metrics, open.postgres, config.POSTGRES_POOL_MAX);
  logAuthMode(config, log);
  const { postgres, opensearch, kafka: kafkaProbe, redis } = edges.probes;

  // Serves before any service is available, so that /health can report which are not.
  const readiness = new Health();
  const app = createApp(edges, readiness, config, metrics);
  await using server = await serveHttp(app, config.HOST, config.PORT, createWebSocketServer());
  log.record("process.start", "ok", undefined, { port: server.port });
  void examineAtStart("api", context, (surroundings) => [
    ...examineCommon("api", config, surroundings),
    examinePostgres(config, openPostgres, { writes: false }),
    examineOpenSearch("api", config, openOpenSearch),
    ...examineEmbedRoute(config),
  ]);

  await acquire({ postgres, opensearch, kafka: kafkaProbe, embed: embedProbe, redis }, patience, stop);
  readiness.started();
  health.started();
  log.record("process.ready", "ok");

  // Messages may be published before the other processes have ever run.
  ensurePipelineTopics(kafka, config, patience).catch((error) => {
    if (!patience.hardStop.aborted) throw error;
  });
  await aborted(stop);
});
