import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { describeCause, type Log } from "@millrace/shared";
import { bodyLimit } from "hono/body-limit";
import { type AuthEdges, guard } from "../auth/guard.ts";
import type { EventOutcome } from "../events/event-outcome.ts";
import type { HeldRequest, Idempotency, IdempotentRequest } from "../events/idempotency.ts";
import { eventInputSchema, exampleEvent, topicOf, topicParameter } from "../events/openapi.ts";
import { type EventItem, type EventPublishEdges, publishEvents } from "../events/publish.ts";
import type { EventTopics } from "../events/topics.ts";
import { answerOf, attempt } from "../outcome.ts";
import { elapsedMs } from "../probe.ts";
import { describeProblems, HttpProblem, problemSchema } from "../problem.ts";
import { decodeText, parseJson } from "../publish-body.ts";

export interface PublishEventsEdges extends EventPublishEdges {
  auth: AuthEdges;
  topics: EventTopics;
  idempotency: Idempotency;
  log: Log;
}

export interface PublishEventsLimits {
  maxBytes: number;
  maxEvents: number;
  timeoutMs: number;
}

const publishedSchema = z
  .object({
    event_id: z.string(),
    id: z
      .string()
      .openapi({ description: "The message id for GET /status/{id}, if the topic is one of KAFKA_TOPICS." }),
    partition: z.int(),
    offset: z.int(),
    timestamp: z.string().openapi({ description: "Kafka's record timestamp, ISO 8601." }),
  })
  .openapi("PublishedEvent");

const errorSchema = z
  .object({
    index: z.int().openapi({ description: "Position of the event in the request." }),
    code: z.string().openapi({ description: "invalid, too_long, unavailable, …" }),
    message: z.string(),
    retryable: z.boolean().openapi({ description: "Whether a retry may succeed." }),
    errors: problemSchema.shape.errors,
  })
  .openapi("EventError");

const answerSchema = z
  .object({
    events: z
      .array(publishedSchema.nullable())
      .openapi({ description: "In the request's order; null for an event that was not published." }),
    errors: z.array(errorSchema).openapi({ description: "One error for each null in `events`." }),
  })
  .openapi("PublishedEvents");
type PublishEventsResponse = z.output<typeof answerSchema>;

const exampleAnswer: PublishEventsResponse = {
  events: [
    {
      event_id: exampleEvent.event_id,
      id: "messages-3-41",
      partition: 3,
      offset: 41,
      timestamp: "2026-01-01T12:00:00.120Z",
    },
  ],
  errors: [],
};

const exampleOfSome: PublishEventsResponse = {
  events: [...exampleAnswer.events, null],
  errors: [
    {
      index: 1,
      code: "invalid",
      message: "the event does not match its schema",
      retryable: false,
      errors: [{ path: "/1/event_type", message: "Invalid input: expected string, received undefined" }],
    },
  ],
};

export function publishEventsRoute(edges: PublishEventsEdges, limits: PublishEventsLimits): OpenAPIHono {
  const app = new OpenAPIHono();
  app.openAPIRegistry.registerPath(describeRoute(edges.topics, limits));
  app.post(
    "/api/v1/events/:topic",
    guard(edges.auth, "events:write"),
    bodyLimit({
      maxSize: limits.maxBytes,
      onError: () => {
        throw new HttpProblem("too-large", `the body exceeds ${limits.maxBytes} bytes`);
      },
    }),
    async (context) => {
      const startedAt = performance.now();
      const topic = topicOf(context.req.param("topic"), edges.topics);
      const key = idempotencyKeyOf(context.req.header("idempotency-key"));
      const body = new Uint8Array(await context.req.arrayBuffer());
      const items = readItems(context.req.header("content-type"), body, limits.maxEvents);
      await ensureTopic(topic, edges.topics, limits.timeoutMs);
      const publish = (held?: HeldRequest) => publishEvents(topic, items, edges, held);
      const request = { subject: context.var.caller.subject, topic, body };
      const outcomes = key === undefined ? await publish() : await once({ ...request, key }, publish, edges, limits);
      const answer = toAnswer(outcomes);
      const details = { topic, events: outcomes.length, refused: answer.errors.length };
      edges.log.record("api.events", answer.errors.some(isRetryable) ? "retry" : "ok", elapsedMs(startedAt), details);
      if (answer.errors.length === 0) return context.json(answer, 202);
      throwIfNone(answer);
      return context.json(answer, 207);
    },
  );
  return app;
}

async function ensureTopic(topic: string, topics: EventTopics, timeoutMs: number): Promise<void> {
  const ensured = answerOf("Kafka", await attempt((signal) => topics.ensure(topic, signal), timeoutMs));
  if (ensured === "missing")
    throw new HttpProblem("unknown-topic", `the topic ${topic} does not exist, and KAFKA_CREATE_TOPICS is off`);
  if (ensured === "too-many")
    throw new HttpProblem("too-many-topics", "the number of event topics has reached EVENTS_TOPICS_MAX");
  if (ensured === "there") return;
  if (ensured.topic !== topic || ensured.error !== "INVALID_TOPIC_EXCEPTION") {
    throw new HttpProblem("topic-refused", ensured.cause);
  }
  const errors = [{ path: "topic", message: ensured.cause }];
  throw new HttpProblem("invalid-parameter", "the topic name is invalid", { errors });
}

/** Publishes the events that no earlier request with this key has published. */
async function once(
  request: IdempotentRequest,
  publish: (held: HeldRequest) => Promise<EventOutcome[]>,
  { idempotency, log }: Pick<PublishEventsEdges, "idempotency" | "log">,
  { timeoutMs }: PublishEventsLimits,
): Promise<EventOutcome[]> {
  const begun = answerOf("Redis", await attempt((signal) => idempotency.begin(request, signal), timeoutMs));
  if (begun === "other") throw new HttpProblem("other-request", "this Idempotency-Key was used with a different body");
  if (begun === "busy") {
    const again = { "retry-after": "1" };
    throw new HttpProblem("in-progress", "a request with this Idempotency-Key is in progress", {}, again);
  }
  using held = begun;
  const outcomes = await publish(held);
  // The events are published, so the client gets its response even if storing it failed.
  await held.end(outcomes).catch((error) => {
    log.record("api.events", "retry", undefined, { cause: `Redis: ${describeCause(error)}` });
  });
  return outcomes;
}

/** Reads one event or an array of events. JSON Pointers into an array begin with the index. */
function readItems(contentType: string | undefined, body: Uint8Array, maxEvents: number): EventItem[] {
  if (contentType?.split(";")[0]?.trim().toLowerCase() !== "application/json") {
    throw new HttpProblem("unsupported-media-type", "send application/json");
  }
  const content = parseJson(decodeText(body));
  if (!Array.isArray(content)) return [{ item: content, root: [] }];
  if (content.length === 0 || content.length > maxEvents) {
    const message =
      content.length === 0 ? "the array is empty" : `${content.length} events exceed the limit of ${maxEvents}`;
    throw new HttpProblem("invalid-body", "nothing was published", { errors: [{ path: "", message }] });
  }
  return content.map((item, index) => ({ item, root: [index] }));
}

function idempotencyKeyOf(header: string | undefined): string | undefined {
  if (header === undefined || /^[\x21-\x7e]{1,255}$/.test(header)) return header;
  const errors = [{ path: "Idempotency-Key", message: "must be 1 to 255 visible ASCII characters" }];
  throw new HttpProblem("invalid-parameter", "a header is invalid", { errors });
}

function toAnswer(outcomes: readonly EventOutcome[]): PublishEventsResponse {
  return {
    events: outcomes.map((outcome) => ("published" in outcome ? outcome.published : null)),
    errors: outcomes.flatMap((outcome, index) => ("error" in outcome ? [{ index, ...outcome.error }] : [])),
  };
}

/** Throws a problem if nothing was published: about the body if all events are invalid, otherwise about Kafka. */
function throwIfNone({ events, errors }: PublishEventsResponse): void {
  if (errors.length < events.length) return;
  if (errors.every(({ code }) => code === "invalid")) {
    const found = errors.flatMap((error) => error.errors ?? []);
    throw new HttpProblem("invalid-body", "no event matches its schema; nothing was published", { errors: found });
  }
  if (errors.every(isRetryable)) {
    throw new HttpProblem("unavailable", `nothing was published: ${errors[0]?.message}`);
  }
}

function isRetryable({ retryable }: { retryable: boolean }): boolean {
  return retryable;
}

function describeRoute(topics: EventTopics, limits: PublishEventsLimits) {
  return createRoute({
    method: "post",
    path: "/api/v1/events/{topic}",
    tags: ["events"],
    summary: "Publish events",
    description:
      "One event or an array of events. Valid events are published; each invalid one is reported in `errors`. " +
      "The first events create the topic. Events of the same user (or device, without a user) keep their order. " +
      "Retrying a request with the same Idempotency-Key publishes only the events that are not yet published.",
    security: [{ token: ["events:write"] }],
    request: {
      params: z.object({ topic: topicParameter(topics) }),
      headers: z.object({
        "Idempotency-Key": z
          .string()
          .regex(/^[!-~]{1,255}$/)
          .optional()
          .openapi({ description: "Makes the request safe to retry with the same body." }),
      }),
      body: {
        required: true,
        content: {
          "application/json": {
            schema: z.union([eventInputSchema, z.array(eventInputSchema).min(1).max(limits.maxEvents)]),
            examples: {
              one: { value: exampleEvent },
              many: { value: [exampleEvent, { event_type: "payment.captured", user_id: "user-7", value: 12.5 }] },
            },
          },
        },
      },
    },
    responses: {
      202: {
        description: "All events are published.",
        content: { "application/json": { schema: answerSchema, example: exampleAnswer } },
      },
      207: {
        description: "Some events are published; `errors` has the cause for each of the others.",
        content: { "application/json": { schema: answerSchema, example: exampleOfSome } },
      },
      ...describeProblems({
        "malformed-body": "the body is not JSON",
        "invalid-parameter": "the topic name is invalid",
        unauthenticated: "invalid token: it has expired",
        forbidden: "the token lacks the scope events:write",
        "unknown-topic": "the topic payments does not exist, and KAFKA_CREATE_TOPICS is off",
        "in-progress": "a request with this Idempotency-Key is in progress",
        "too-many-topics": "the number of event topics has reached EVENTS_TOPICS_MAX",
        "too-large": `the body exceeds ${limits.maxBytes} bytes`,
        "unsupported-media-type": "send application/json",
        "invalid-body": "no event matches its schema; nothing was published",
        "other-request": "this Idempotency-Key was used with a different body",
        "rate-limited": "more than 6000 requests in 60 s",
        "topic-refused":
          "Kafka does not create the topic payments (INVALID_REPLICATION_FACTOR): set KAFKA_REPLICATION_FACTOR to no more than there are brokers",
        unavailable: "nothing was published: connection refused",
      }),
    },
  });
}
