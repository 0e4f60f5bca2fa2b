import { OpenAPIHono } from "@hono/zod-openapi";
import {
  describeCause,
  type Health,
  type Log,
  type Metrics,
  problemOf,
  problemResponse,
  requestErrors,
  timeoutException,
} from "@millrace/shared";
import { methodNotAllowed } from "hono/method-not-allowed";
import { timeout } from "hono/timeout";
import { crossOrigin } from "./auth/cross-origin.ts";
import type { ApiConfig } from "./config.ts";
import type { EventsEdges } from "./events/edges.ts";
import { exposeMetrics } from "./expose-metrics.ts";
import { HttpRequests } from "./http-requests.ts";
import { createSnapshotReader } from "./live/snapshot.ts";
import { HttpProblem } from "./problem.ts";
import { requestLog } from "./request-log.ts";
import { consoleRoutes } from "./routes/console.ts";
import { consoleFeedRoute } from "./routes/console-feed.ts";
import { type DeadLettersEdges, deadLettersRoutes } from "./routes/dead-letters.ts";
import { type DoctorEdges, doctorRoute } from "./routes/doctor.ts";
import { addDocumentation } from "./routes/documentation.ts";
import { eventsHealthRoute } from "./routes/events-health.ts";
import { type HealthEdges, healthRoute } from "./routes/health.ts";
import { latestEventsRoute } from "./routes/latest-events.ts";
import { type MessageStatusEdges, messageStatusRoute } from "./routes/message-status.ts";
import { metricsRoutes } from "./routes/metrics.ts";
import { type PublishEdges, publishRoute } from "./routes/publish.ts";
import { publishEventsRoute } from "./routes/publish-events.ts";
import { readinessRoutes } from "./routes/readiness.ts";
import { searchRoute } from "./routes/search.ts";
import { type StatusEdges, statusRoute } from "./routes/status.ts";
import { streamRoute } from "./routes/stream.ts";
import type { SearchEdges } from "./search/search.ts";

export type ApiEdges = PublishEdges &
  StatusEdges &
  MessageStatusEdges &
  HealthEdges &
  SearchEdges &
  DoctorEdges &
  DeadLettersEdges &
  EventsEdges;

/** The share of a request's time limit that waiting for one service may take; the rest is left to report the timeout. */
export const WAITING_SHARE = 0.8;

/** Builds all routes of the api over open edges. Opens and closes nothing itself. */
export function createApp(edges: ApiEdges, readiness: Health, config: ApiConfig, metrics: Metrics): OpenAPIHono {
  const app = new OpenAPIHono({
    defaultHook: (result) => {
      if (result.success) return;
      const errors = requestErrors(result.error).map(({ path, message }) => ({ path: path.slice(1), message }));
      throw new HttpProblem("invalid-parameter", "a parameter is invalid", { errors });
    },
  });
  const requests = new HttpRequests();
  app.use(requestLog(edges.log, requests));
  exposeMetrics(metrics, edges, requests);
  app.use(
    methodNotAllowed({
      app,
      onMethodNotAllowed: (context, methods) => {
        const allow = methods.join(", ");
        return problemResponse(
          context,
          new HttpProblem("method-not-allowed", `allowed methods: ${allow}`, {}, { allow }),
        );
      },
    }),
  );
  app.use(timeout(config.REQUEST_TIMEOUT_MS, timeoutException(config.REQUEST_TIMEOUT_MS)));

  const waitingMs = config.REQUEST_TIMEOUT_MS * WAITING_SHARE;
  const limits = {
    topics: config.KAFKA_TOPICS,
    maxBytes: config.PUBLISH_MAX_BYTES,
    maxMessages: config.PUBLISH_MAX_MESSAGES,
    messageMaxBytes: config.PUBLISH_MESSAGE_MAX_BYTES,
  };
  app.route("/", publishRoute(edges, limits, waitingMs));
  app.route("/", statusRoute(edges, waitingMs));
  app.route("/", messageStatusRoute(edges, waitingMs));
  app.route("/", healthRoute(edges));
  app.route("/", doctorRoute(edges, waitingMs));
  app.route("/", readinessRoutes(readiness));
  app.route("/", searchRoute(edges, config.SEARCH_MAX_HITS));
  app.route("/", deadLettersRoutes(edges, config.REPLAY_TOPIC, waitingMs));
  app.route("/", consoleFeedRoute(createSnapshotReader(edges, config, waitingMs), config.CONSOLE_CLIENTS_MAX));
  app.route("/", consoleRoutes());
  app.route("/", metricsRoutes(metrics));
  addEventRoutes(app, edges, config, metrics);
  addDocumentation(app);

  app.notFound((context) => problemResponse(context, new HttpProblem("no-such-route", "/docs lists all routes")));
  app.onError((error, context) =>
    problemResponse(
      context,
      problemOf(error, context, (bug) => logBug(bug, edges.log)),
    ),
  );
  return app;
}

function addEventRoutes(app: OpenAPIHono, edges: ApiEdges, config: ApiConfig, metrics: Metrics): void {
  const waitingMs = config.REQUEST_TIMEOUT_MS * WAITING_SHARE;
  app.use("/api/v1/*", crossOrigin(config.CORS_ORIGINS));
  const limits = {
    maxBytes: config.PUBLISH_MAX_BYTES,
    maxEvents: config.PUBLISH_MAX_MESSAGES,
    timeoutMs: waitingMs,
  };
  app.route("/", publishEventsRoute(edges, limits));
  app.route("/", latestEventsRoute(edges, config.EVENTS_LATEST_MAX, waitingMs));
  app.route("/", eventsHealthRoute(edges));
  const streamLimits = {
    timeoutMs: waitingMs,
    tokenTimeoutMs: config.STREAM_TOKEN_TIMEOUT_MS,
    clientBufferBytes: config.STREAM_CLIENT_BUFFER_BYTES,
    origins: config.CORS_ORIGINS ?? [],
  };
  app.route("/", streamRoute(edges, streamLimits));
  app.route("/api/v1", metricsRoutes(metrics));
}

function logBug(error: Error, log: Log): void {
  log.record("api.request", "failed", undefined, { cause: describeCause(error), stack: error.stack });
}
