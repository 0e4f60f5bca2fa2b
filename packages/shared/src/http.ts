import { serve, type WebSocketServerLike } from "@hono/node-server";
import { Hono } from "hono";
import type { Health } from "./health.ts";
import type { Metrics } from "./metrics/metrics.ts";

export interface HttpServer extends AsyncDisposable {
  port: number;
}

/**
 * `/health/live`: the process runs. `/health/ready`: it has reached all of its dependencies and waits for none; otherwise
 * 503, with what it waits for and since when.
 */
export function healthRoutes(health: Health): Hono {
  return new Hono()
    .get("/health/live", (context) => context.json({ status: "ok" }))
    .get("/health/ready", (context) => {
      const body = { status: health.ready ? "ok" : "unavailable", dependencies: health.dependencies };
      return context.json(body, health.ready ? 200 : 503);
    });
}

/** `/metrics`, for Prometheus. */
export function metricsRoute(metrics: Metrics): Hono {
  return new Hono().get("/metrics", async (context) =>
    context.body(await metrics.text(), 200, { "content-type": metrics.contentType }),
  );
}

/** A Hono app, regardless of its environment type. */
interface Fetches {
  fetch(request: Request, env: object): Response | Promise<Response>;
}

/** Accepts WebSockets and lists the open ones. */
export interface WebSocketServer extends WebSocketServerLike {
  clients: Iterable<{ close(code: number, reason: string): void; terminate(): void }>;
}

/** RFC 6455: the endpoint is going away. */
const GOING_AWAY = 1001;

/** Serves until disposed; requests in flight then have a second to finish. Port 0 picks a free port. */
export async function serveHttp(
  app: Fetches,
  hostname: string,
  port: number,
  sockets?: WebSocketServer,
): Promise<HttpServer> {
  const { promise: listening, resolve, reject } = Promise.withResolvers<number>();
  const server = serve(
    {
      fetch: (request, env) => app.fetch(request, env),
      hostname,
      port,
      ...(sockets && { websocket: { server: sockets } }),
    },
    (info) => resolve(info.port),
  );
  server.on("error", (error: NodeJS.ErrnoException) => {
    reject(error.code === "EADDRINUSE" ? new Error(`port ${port} is already in use: set PORT to a free one`) : error);
  });
  if ("requestTimeout" in server) {
    // Disconnects clients that never finish their request.
    server.requestTimeout = 30_000;
    server.headersTimeout = 10_000;
  }
  const port_ = await listening;
  return {
    port: port_,
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>((done) => server.close(() => done()));
      for (const socket of sockets?.clients ?? []) socket.close(GOING_AWAY, "the server is shutting down");
      const cut = setTimeout(() => {
        for (const socket of sockets?.clients ?? []) socket.terminate();
        if ("closeAllConnections" in server) server.closeAllConnections();
      }, 1_000);
      await closed;
      clearTimeout(cut);
    },
  };
}
