import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import type { OutgoingRecord, Placement } from "@millrace/kafka";
import { cutBySize, type Log, messageId, TRACEPARENT, type Tracing } from "@millrace/shared";
import type { StageTracker, Work } from "@millrace/stage";
import { bodyLimit } from "hono/body-limit";
import { attempt, type Outcome } from "../outcome.ts";
import { elapsedMs } from "../probe.ts";
import { describeProblems, HttpProblem } from "../problem.ts";
import { createMessageSchema, type PublishLimits, type PublishRecord, parsePublishBody } from "../publish-body.ts";
import { type PublishTraces, tracePublishing } from "../publish-traces.ts";

/** Appends records to a topic in one attempt, all or none. */
export interface MessageLog {
  append(topic: string, records: readonly OutgoingRecord[]): Promise<Outcome<Placement[]>>;
}

export interface PublishEdges {
  messageLog: MessageLog;
  tracing: Tracing;
  /** Counts published messages. */
  published: Work;
  tracker: Pick<StageTracker, "reached">;
  log: Log;
}

const publishedSchema = z.object({ topic: z.string(), partition: z.int(), offset: z.int(), id: z.string() });
type PublishedMessage = z.output<typeof publishedSchema>;

const example = { topic: "messages", partition: 3, offset: 41, id: "messages-3-41" };

export function publishRoute(edges: PublishEdges, limits: PublishLimits, timeoutMs: number): OpenAPIHono {
  const messageSchema = createMessageSchema(limits.topics);
  const app = new OpenAPIHono();
  app.openAPIRegistry.registerPath(describeRoute(messageSchema, limits));
  app.post(
    "/publish",
    bodyLimit({
      maxSize: limits.maxBytes,
      onError: () => {
        throw new HttpProblem("too-large", `the body exceeds ${limits.maxBytes} bytes`);
      },
    }),
    async (context) => {
      const body = new Uint8Array(await context.req.arrayBuffer());
      const records = parsePublishBody(context.req.header("content-type"), body, messageSchema, limits);
      const traces = tracePublishing(records, edges.tracing, context.req.header(TRACEPARENT));
      return context.json({ messages: await publish(traces, edges, limits, timeoutMs) }, 202);
    },
  );
  return app;
}

/** Publishes all records and returns their positions, in order. Throws a problem if Kafka did not accept all of them. */
async function publish(
  { records, end }: PublishTraces,
  edges: PublishEdges,
  limits: PublishLimits,
  timeoutMs: number,
): Promise<PublishedMessage[]> {
  const startedAt = performance.now();
  const published: (PublishedMessage | undefined)[] = records.map(() => undefined);
  const byTopic = Map.groupBy(records.entries(), ([, { topic }]) => topic);
  const publishAll = () =>
    Promise.all(
      [...byTopic].map(([topic, entries]) => publishToTopic(topic, entries, edges, limits.messageMaxBytes, published)),
    );
  const outcome = await attempt(publishAll, timeoutMs);
  const done = published.filter((each) => each !== undefined);
  end(published.map((each) => each?.id));
  edges.published.add(done.length, sizeOf(records.filter((_, index) => published[index])));
  const fault = "fault" in outcome ? outcome.fault : outcome.value.find((each) => each !== undefined);
  edges.log.record("api.publish", fault ? "retry" : "ok", elapsedMs(startedAt), {
    messages: records.length,
    published: done.length,
    topics: [...byTopic.keys()],
    ...(fault && { cause: fault.cause }),
  });
  if (!fault) return done;
  // PublishedMessage messages cannot be withdrawn: the response shows the client which ones to retry.
  const messages = published.map((each) => each ?? null);
  const count = `${done.length} of ${records.length} messages were published`;
  if (fault.code === "timeout") {
    throw new HttpProblem("timeout", `Kafka: ${fault.cause}; ${count}; others may have been published too`, {
      messages,
    });
  }
  throw new HttpProblem("unavailable", `Kafka: ${fault.cause}; ${count}`, { messages });
}

function sizeOf(records: readonly PublishRecord[]): number {
  return records.reduce((sum, { bytes }) => sum + bytes, 0);
}

/** Sends one request after the other to keep the messages' order. Stops at the first fault and returns it. */
async function publishToTopic(
  topic: string,
  entries: readonly [index: number, record: PublishRecord][],
  { messageLog, tracker }: PublishEdges,
  requestMaxBytes: number,
  published: (PublishedMessage | undefined)[],
) {
  const records = entries.map(([index, { record }]) => ({ ...record, index }));
  // By default a broker accepts 1 MiB per partition in one request.
  for (const chunk of cutBySize(records, requestMaxBytes)) {
    const outcome = await messageLog.append(topic, chunk);
    if ("fault" in outcome) return outcome.fault;
    const placed = outcome.value.map((placement) => ({ topic, ...placement, id: messageId({ topic, ...placement }) }));
    tracker.reached("published", placed);
    for (const [position, { index }] of chunk.entries()) published[index] = placed[position];
  }
  return undefined;
}

function describeRoute(messageSchema: ReturnType<typeof createMessageSchema>, limits: PublishLimits) {
  const message = messageSchema.openapi("Message", { description: "Requires exactly one of text and value." });
  return createRoute({
    method: "post",
    path: "/publish",
    tags: ["messages"],
    summary: "Publish messages",
    description:
      "One message or an array of messages, all validated before any is published. Delivery is at least once: retrying " +
      "after a 503 or 504 may publish a message twice.",
    request: {
      body: {
        required: true,
        content: {
          "application/json": {
            schema: z.union([message, z.array(message).min(1).max(limits.maxMessages)]),
            examples: {
              one: { value: { text: "How do I limit concurrency?" } },
              many: {
                value: [
                  { text: "My card has not arrived", key: "customer-7" },
                  { value: { text: "Top-up failed", channel: "app" }, headers: { source: "support" } },
                ],
              },
            },
          },
          "text/plain": { schema: { type: "string" }, example: "How do I limit concurrency?" },
        },
      },
    },
    responses: {
      202: {
        description:
          "All messages are in Kafka. The response keeps the request's order; pass an `id` to GET /status/{id}.",
        content: {
          "application/json": {
            schema: z.object({ messages: z.array(publishedSchema) }),
            example: { messages: [example] },
          },
        },
      },
      ...describeProblems({
        "malformed-body": "the body is not JSON",
        "too-large": `the body exceeds ${limits.maxBytes} bytes`,
        "unsupported-media-type": "send application/json or text/plain",
        "invalid-body": "a part of the body is invalid; nothing was published",
        unavailable: "Kafka: connection refused; 0 of 1 messages were published",
      }),
    },
  });
}
