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
    id: z.string().openapi({ description: "What GET /status/{id} asks for, where the topic is one of KAFKA_TOPICS." }),
    partition: z.int(),
    offset: z.int(),
    timestamp: z.string().openapi({ description: "Kafka's record timestamp, ISO 8601." }),
  })
  .openapi("PublishedEvent");

const errorSchema = z
  .object({
    index: z.int().openapi({ description: "Of the event in the request." }),
    code: z.string().openapi({ description: "invalid, too_long, unavailable, …" }),
    message: z.string(),
    retryable: z.boolean().openapi({ description: "Whether sending the event again may help." }),
    errors: problemSchema.shape.errors,
  })
  .openapi("EventError");

const answerSchema = z
  .object({
    events: z.array(publishedSchema.nullable()).openapi({ description: "In the order of the request." }),
    errors: z.array(errorSchema).openapi({ description: "Why the ones that are null were not published." }),
  })
  .openapi("PublishedEvents");
type Answer = z.output<typeof answerSchema>;

const exampleAnswer: Answer = {
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

const exampleOfSome: Answer = {
  events: [...exampleAnswer.events, null],
  errors: [
    {
      index: 1,
      code: "invalid",
      message: "the event breaks its schema",
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
        throw new HttpProblem("too-large", `the body has more than ${limits.maxBytes} bytes`);
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
    throw new HttpProblem("unknown-topic", `${topic} is missing, and KAFKA_CREATE_TOPICS is off`);
  if (ensured === "too-many") throw new HttpProblem("too-many-topics", `there are as many as EVENTS_TOPICS_MAX allows`);
  if (ensured === "there") return;
  if (ensured.topic !== topic || ensured.error !== "INVALID_TOPIC_EXCEPTION") {
    throw new HttpProblem("topic-refused", ensured.cause);
  }
  const errors = [{ path: "topic", message: ensured.cause }];
  throw new HttpProblem("invalid-parameter", "the topic's name is refused", { errors });
}

/** Publishes the events that no request with this key has published yet. */
async function once(
  request: IdempotentRequest,
  publish: (held: HeldRequest) => Promise<EventOutcome[]>,
  { idempotency, log }: Pick<PublishEventsEdges, "idempotency" | "log">,
  { timeoutMs }: PublishEventsLimits,
): Promise<EventOutcome[]> {
  const begun = answerOf("Redis", await attempt((signal) => idempotency.begin(request, signal), timeoutMs));
  if (begun === "other") throw new HttpProblem("other-request", "the Idempotency-Key came with another body before");
  if (begun === "busy") {
    const again = { "retry-after": "1" };
    throw new HttpProblem("in-progress", "a request with this Idempotency-Key is under way", {}, again);
  }
  using held = begun;
  const outcomes = await publish(held);
  // They are published: an answer that could not be kept is given all the same.
  await held.end(outcomes).catch((error) => {
    log.record("api.events", "retry", undefined, { cause: `Redis: ${describeCause(error)}` });
  });
  return outcomes;
}

/** An array of events, or one: a JSON Pointer to an event of an array begins with its index. */
function readItems(contentType: string | undefined, body: Uint8Array, maxEvents: number): EventItem[] {
  if (contentType?.split(";")[0]?.trim().toLowerCase() !== "application/json") {
    throw new HttpProblem("unsupported-media-type", "send application/json");
  }
  const content = parseJson(decodeText(body));
  if (!Array.isArray(content)) return [{ item: content, root: [] }];
  if (content.length === 0 || content.length > maxEvents) {
    const message = content.length === 0 ? "the array is empty" : `it has more than ${maxEvents} events`;
    throw new HttpProblem("invalid-body", "nothing was published", { errors: [{ path: "", message }] });
  }
  return content.map((item, index) => ({ item, root: [index] }));
}

function idempotencyKeyOf(header: string | undefined): string | undefined {
  if (header === undefined || /^[\x21-\x7e]{1,255}$/.test(header)) return header;
  const errors = [{ path: "Idempotency-Key", message: "not 1 to 255 visible ASCII characters" }];
  throw new HttpProblem("invalid-parameter", "a header is refused", { errors });
}

function toAnswer(outcomes: readonly EventOutcome[]): Answer {
  return {
    events: outcomes.map((outcome) => ("published" in outcome ? outcome.published : null)),
    errors: outcomes.flatMap((outcome, index) => ("error" in outcome ? [{ index, ...outcome.error }] : [])),
  };
}

/** Where nothing was published, the whole request is a problem: of its body if all are invalid, or else of Kafka. */
function throwIfNone({ events, errors }: Answer): void {
  if (errors.length < events.length) return;
  if (errors.every(({ code }) => code === "invalid")) {
    const found = errors.flatMap((error) => error.errors ?? []);
    throw new HttpProblem("invalid-body", "no event fits its schema; nothing was published", { errors: found });
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
      "One event or an array of them, each checked by the schema: what is valid is published, the rest is told about. " +
      "The topic is created with its first events. Events of one user, else of one device, keep their order. " +
      "A request that is sent again with its Idempotency-Key publishes what it had not published before, and nothing twice.",
    security: [{ token: ["events:write"] }],
    request: {
      params: z.object({ topic: topicParameter(topics) }),
      headers: z.object({
        "Idempotency-Key": z
          .string()
          .regex(/^[!-~]{1,255}$/)
          .optional()
          .openapi({ description: "Makes it safe to send the request again, as it was." }),
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
        description: "Kafka has all of the events.",
        content: { "application/json": { schema: answerSchema, example: exampleAnswer } },
      },
      207: {
        description: "Kafka has some of the events; `errors` says why it has not the others.",
        content: { "application/json": { schema: answerSchema, example: exampleOfSome } },
      },
      ...describeProblems({
        "malformed-body": "the body is not JSON",
        "invalid-parameter": "the topic's name is refused",
        unauthenticated: "the token is refused: it has expired",
        forbidden: "the token lacks the scope events:write",
        "unknown-topic": "payments is missing, and KAFKA_CREATE_TOPICS is off",
        "in-progress": "a request with this Idempotency-Key is under way",
        "too-many-topics": "there are as many as EVENTS_TOPICS_MAX allows",
        "too-large": `the body has more than ${limits.maxBytes} bytes`,
        "unsupported-media-type": "send application/json",
        "invalid-body": "no event fits its schema; nothing was published",
        "other-request": "the Idempotency-Key came with another body before",
        "rate-limited": "more than 6000 requests in 60 s",
        "topic-refused":
          "Kafka does not create the topic payments (INVALID_REPLICATION_FACTOR): set KAFKA_REPLICATION_FACTOR to no more than there are brokers",
        unavailable: "nothing was published: connection refused",
      }),
    },
  });
}
