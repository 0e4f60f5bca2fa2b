import { upgradeWebSocket } from "@hono/node-server";
import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { WebSocket } from "ws";
import type { Caller } from "../auth/authenticator.ts";
import { type AuthEdges, admit, bearerToken } from "../auth/guard.ts";
import { topicOf, topicParameter } from "../events/openapi.ts";
import type { EventTopics } from "../events/topics.ts";
import { answerOf, attempt } from "../outcome.ts";
import { describeProblems, HttpProblem } from "../problem.ts";
import type { EventStreams, Subscription } from "../streams/event-streams.ts";
import { parseStart } from "../streams/offsets.ts";
import { ServerSentEvents } from "../streams/server-sent-events.ts";
import { handshakeToken, messageToken } from "../streams/socket-token.ts";
import { WebSocketConnection } from "../streams/web-socket.ts";

export interface StreamEdges {
  auth: AuthEdges;
  topics: EventTopics;
  streams: EventStreams;
}

export interface StreamLimits {
  timeoutMs: number;
  tokenTimeoutMs: number;
  clientBufferBytes: number;
  /** Origins whose pages may open a WebSocket, in addition to the api's own. */
  origins: readonly string[];
}

/** Application close codes: the HTTP status plus 4000. */
const closeCodes: Partial<Record<HttpProblem["kind"], number>> = {
  unauthenticated: 4401,
  forbidden: 4403,
  "rate-limited": 4429,
};
const TRY_AGAIN_LATER = 1013;

export function streamRoute(edges: StreamEdges, limits: StreamLimits): OpenAPIHono {
  const app = new OpenAPIHono();
  app.openapi(describeRoute(edges.topics), async (context, next) => {
    const isWebSocket = context.req.header("upgrade")?.toLowerCase() === "websocket";
    const token = isWebSocket
      ? handshakeToken((name) => context.req.header(name))
      : bearerToken(context.req.header("authorization"));
    if (isWebSocket) refuseForeignPages(context, limits.origins);
    const caller = await admitNowOrLater(edges.auth, token, isWebSocket);
    const topic = topicOf(context.req.valid("param").topic, edges.topics);
    const { from, key, type } = context.req.valid("query");
    const start = parseStart(context.req.header("last-event-id") || from);
    if (!start) throw refusedStart();
    if (!answerOf("Kafka", await attempt(() => edges.topics.exists(topic), limits.timeoutMs))) {
      throw new HttpProblem("unknown-topic", `the topic ${topic} does not exist`);
    }
    if (edges.streams.isFull)
      throw new HttpProblem("unavailable", "the number of clients has reached STREAM_CLIENTS_MAX");
    const subscription: Subscription = { topic, start, filter: { key, type } };
    if (!isWebSocket) return followByEvents(context, subscription, caller, edges.streams, limits);
    const upgrade = upgradeWebSocket(() => ({
      onOpen: (_, { raw }) => {
        if (raw instanceof WebSocket) void followBySocket(raw, subscription, caller, edges, limits);
      },
    }));
    // `upgrade` only reads the request; its type requires a context with untyped variables.
    return (await upgrade(context as unknown as Parameters<typeof upgrade>[0], next)) as Response;
  });
  return app;
}

/** A WebSocket client may send its token in its first message instead. */
async function admitNowOrLater(auth: AuthEdges, token: string | undefined, isWebSocket: boolean) {
  try {
    return await admit(auth, token, "events:read");
  } catch (error) {
    if (isWebSocket && token === undefined && error instanceof HttpProblem && error.kind === "unauthenticated")
      return undefined;
    throw error;
  }
}

function followByEvents(
  context: Context,
  subscription: Subscription,
  caller: Caller | undefined,
  streams: EventStreams,
  { clientBufferBytes }: StreamLimits,
): Response {
  const connection = new ServerSentEvents(clientBufferBytes);
  closeWhenExpired(connection, caller);
  void streams.join(subscription, connection);
  return context.body(connection.body, 200, {
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-store",
    // Otherwise proxies such as nginx buffer the events.
    "x-accel-buffering": "no",
  });
}

async function followBySocket(
  socket: WebSocket,
  subscription: Subscription,
  admitted: Caller | undefined,
  { auth, streams }: StreamEdges,
  { tokenTimeoutMs }: StreamLimits,
): Promise<void> {
  const connection = new WebSocketConnection(socket);
  // A close event follows each error.
  socket.on("error", () => undefined);
  try {
    const caller = admitted ?? (await admit(auth, await messageToken(socket, tokenTimeoutMs), "events:read"));
    closeWhenExpired(connection, caller);
  } catch (error) {
    const problem = error instanceof HttpProblem ? error : undefined;
    return socket.close((problem && closeCodes[problem.kind]) ?? TRY_AGAIN_LATER, problem?.message.slice(0, 120));
  }
  await streams.join(subscription, connection);
}

/** Closes the stream when its token expires. */
function closeWhenExpired(connection: WebSocketConnection | ServerSentEvents, caller: Caller | undefined): void {
  if (caller?.expiresAtMs === undefined) return;
  const timer = setTimeout(
    () => connection.close(4401, "the token has expired"),
    // A timer with a longer delay fires immediately.
    Math.min(caller.expiresAtMs - Date.now(), 2_147_483_647),
  );
  void connection.closed.then(() => clearTimeout(timer));
}

/** Browsers let any page open a WebSocket to any host, loopback included. */
function refuseForeignPages(context: Context, origins: readonly string[]): void {
  const origin = context.req.header("origin");
  if (origin === undefined || origins.includes("*") || origins.includes(origin)) return;
  if (URL.parse(origin)?.host === context.req.header("host")) return;
  throw new HttpProblem("forbidden", "the page's origin is not in CORS_ORIGINS");
}

function refusedStart(): HttpProblem {
  const message = "must be now, earliest, an ISO 8601 time, or offsets such as 0:12,1:7";
  return new HttpProblem("invalid-parameter", "a parameter is invalid", { errors: [{ path: "from", message }] });
}

function describeRoute(topics: EventTopics) {
  return createRoute({
    method: "get",
    path: "/api/v1/stream/{topic}",
    tags: ["events"],
    summary: "Stream events of a topic",
    description:
      "Over a WebSocket if the request asks for an upgrade, otherwise as server-sent events; docs/streams.md describes the messages. " +
      "Starts now, at a past time, or at given offsets. Reconnecting with the last offsets neither skips nor repeats an event.",
    security: [{ token: ["events:read"] }],
    request: {
      params: z.object({ topic: topicParameter(topics) }),
      query: z.strictObject({
        from: z
          .string()
          .max(10_000)
          .default("now")
          .openapi({
            description: "now, earliest, an ISO 8601 time, or the next offset of each partition.",
            examples: ["now", "2026-01-01T12:00:00Z", "0:12,1:7"],
          }),
        key: z.string().max(1_000).optional().openapi({ description: "Restrict the stream to events with this key." }),
        type: z.string().max(1_000).optional().openapi({ description: "Restrict the stream to this event_type." }),
      }),
      headers: z.object({
        "Last-Event-ID": z.string().max(10_000).optional().openapi({ description: "Overrides `from`." }),
      }),
    },
    responses: {
      200: {
        description: "Events until either side closes the stream. Each event's id is the offsets to continue from.",
        content: { "text/event-stream": { schema: z.string() } },
      },
      ...describeProblems({
        "invalid-parameter": "a parameter is invalid",
        unauthenticated: "send a token in the Authorization header: Bearer <token>",
        forbidden: "the token lacks the scope events:read",
        "unknown-topic": "the topic payments does not exist",
        "rate-limited": "more than 6000 requests in 60 s",
        unavailable: "Kafka: connection refused",
      }),
    },
  });
}
