import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import type { EventDecoder } from "@millrace/events";
import type { TopicReader } from "@millrace/kafka";
import { type AuthEdges, guard } from "../auth/guard.ts";
import { type EventRecord, toEventRecord } from "../events/event-record.ts";
import { type LatestLimits, readLatest } from "../events/latest.ts";
import { eventRecordSchema, exampleEvent, topicOf, topicParameter } from "../events/openapi.ts";
import type { EventTopics } from "../events/topics.ts";
import { answerOf, attempt } from "../outcome.ts";
import { describeProblems, HttpProblem } from "../problem.ts";

export interface LatestEventsEdges {
  auth: AuthEdges;
  topics: EventTopics;
  topicReader: TopicReader;
  eventDecoder: EventDecoder;
}

/** Total size of the values in one response. */
const MAX_BYTES = 16_777_216;
const COUNT_DEFAULT = 20;

export const exampleRecord: EventRecord = {
  id: "payments-3-41",
  partition: 3,
  offset: 41,
  timestamp: "2026-01-01T12:00:00.120Z",
  key: "user-7",
  event: exampleEvent,
};

export function latestEventsRoute(edges: LatestEventsEdges, maxCount: number, timeoutMs: number): OpenAPIHono {
  const app = new OpenAPIHono();
  app.openapi(describeRoute(edges, maxCount), async (context) => {
    const topic = topicOf(context.req.valid("param").topic, edges.topics);
    const limits = { count: context.req.valid("query").limit, maxBytes: MAX_BYTES };
    const outcome = await attempt((signal) => readEvents(topic, limits, edges, signal), timeoutMs);
    const events = answerOf("Kafka", outcome);
    if (!events) throw new HttpProblem("unknown-topic", `the topic ${topic} does not exist`);
    return context.json({ events }, 200);
  });
  return app;
}

/** `undefined` if the topic does not exist. */
async function readEvents(
  topic: string,
  limits: LatestLimits,
  { topics, topicReader, eventDecoder }: LatestEventsEdges,
  signal: AbortSignal,
): Promise<EventRecord[] | undefined> {
  if (!(await topics.exists(topic))) return undefined;
  const records = await readLatest(topicReader, topic, limits, signal);
  return records && Promise.all(records.map((record) => toEventRecord(record, eventDecoder)));
}

function describeRoute({ auth, topics }: LatestEventsEdges, maxCount: number) {
  return createRoute({
    method: "get",
    path: "/api/v1/events/{topic}/latest",
    tags: ["events"],
    summary: "The newest events of a topic",
    description: "Newest first across all partitions. Reads without a consumer group.",
    security: [{ token: ["events:read"] }],
    middleware: [guard(auth, "events:read")] as const,
    request: {
      params: z.object({ topic: topicParameter(topics) }),
      query: z.strictObject({
        limit: z.coerce
          .number()
          .int()
          .min(1)
          .max(maxCount)
          .default(Math.min(COUNT_DEFAULT, maxCount))
          .openapi({ description: `Maximum events. Returns fewer if they exceed ${MAX_BYTES} bytes.` }),
      }),
    },
    responses: {
      200: {
        description: "The events, newest first by Kafka's record timestamp.",
        content: {
          "application/json": {
            schema: z.object({ events: z.array(eventRecordSchema) }),
            example: { events: [exampleRecord] },
          },
        },
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
