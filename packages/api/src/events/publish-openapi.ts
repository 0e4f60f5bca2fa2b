import { createRoute, z } from "@hono/zod-openapi";
import { describeProblems, problemSchema } from "../problem.ts";
import { eventInputSchema, exampleEvent, topicParameter } from "./openapi.ts";
import type { EventTopics } from "./topics.ts";

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
export type PublishEventsResponse = z.output<typeof answerSchema>;

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

export function describePublishEvents(topics: EventTopics, limits: PublishEventsLimits) {
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
    responses: describeResponses(limits),
  });
}

function describeResponses({ maxBytes }: PublishEventsLimits) {
  return {
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
      "too-large": `the body exceeds ${maxBytes} bytes`,
      "unsupported-media-type": "send application/json",
      "invalid-body": "no event matches its schema; nothing was published",
      "other-request": "this Idempotency-Key was used with a different body",
      "rate-limited": "more than 6000 requests in 60 s",
      "topic-refused":
        "Kafka does not create the topic payments (INVALID_REPLICATION_FACTOR): set KAFKA_REPLICATION_FACTOR to no more than there are brokers",
      unavailable: "nothing was published: connection refused",
    }),
  };
}
