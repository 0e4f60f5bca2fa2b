import { OpenAPIHono } from "@hono/zod-openapi";
import { describeCause, type Log } from "@millrace/shared";
import { bodyLimit } from "hono/body-limit";
import { type AuthEdges, guard } from "../auth/guard.ts";
import type { EventOutcome } from "../events/event-outcome.ts";
import type { HeldRequest, Idempotency, IdempotentRequest } from "../events/idempotency.ts";
import { topicOf } from "../events/openapi.ts";
import { type EventItem, type EventPublishEdges, publishEvents } from "../events/publish.ts";
import {
  describePublishEvents,
  type PublishEventsLimits,
  type PublishEventsResponse,
} from "../events/publish-openapi.ts";
import type { EventTopics } from "../events/topics.ts";
import { answerOf, attempt } from "../outcome.ts";
import { elapsedMs } from "../probe.ts";
import { HttpProblem } from "../problem.ts";
import { decodeText, parseJson } from "../publish-body.ts";

export interface PublishEventsEdges extends EventPublishEdges {
  auth: AuthEdges;
  topics: EventTopics;
  idempotency: Idempotency;
  log: Log;
}

export function publishEventsRoute(edges: PublishEventsEdges, limits: PublishEventsLimits): OpenAPIHono {
  const app = new OpenAPIHono();
  app.openAPIRegistry.registerPath(describePublishEvents(edges.topics, limits));
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
