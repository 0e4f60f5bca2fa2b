import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import type { DeadLetterList } from "@millrace/console";
import { SelectionTooLarge } from "@millrace/kafka";
import { type DeadLetter, type Log, messageId, parseMessageId, replayRecord, requestErrors } from "@millrace/shared";
import { bodyLimit } from "hono/body-limit";
import { attempt, type Outcome } from "../outcome.ts";
import { elapsedMs } from "../probe.ts";
import { describeProblems, HttpProblem } from "../problem.ts";
import { parseJson } from "../publish-body.ts";
import { sameOrigin } from "../same-origin.ts";
import type { MessageLog } from "./publish.ts";

/** The audit rows of dead-lettered messages. Rejects if the store is unavailable. */
export interface DeadLetterRows {
  latest(limit: number): Promise<DeadLetterList>;
}

export interface DeadLettersEdges {
  deadLetterRows: DeadLetterRows;
  /** Rejects with `SelectionTooLarge` if they exceed the memory limit. */
  readDeadLetters(ids: readonly string[], signal: AbortSignal): Promise<DeadLetter[]>;
  messageLog: MessageLog;
  log: Log;
}

const LIST_MAX = 500;
/** `LIST_MAX` ids of maximum length take about half of it. */
const BODY_MAX_BYTES = 262_144;

const deadLetterSchema = z
  .object({
    id: z.string(),
    code: z.string().nullable(),
    cause: z.string().nullable(),
    recordedAt: z.string().openapi({ description: "ISO 8601" }),
    preview: z.string().nullable().openapi({ description: "The beginning of the message; null if it is not text." }),
  })
  .openapi("DeadLetter");

const listRoute = createRoute({
  method: "get",
  path: "/dead-letters",
  tags: ["messages"],
  summary: "List dead-lettered messages",
  description: "Newest first. Messages that were replayed and stored are not listed.",
  request: {
    query: z.strictObject({
      limit: z.coerce
        .number()
        .int()
        .min(1)
        .max(LIST_MAX)
        .default(100)
        .openapi({ description: "Maximum messages in the response." }),
    }),
  },
  responses: {
    200: {
      description: "The newest dead-lettered messages, and the total number.",
      content: {
        "application/json": { schema: z.object({ total: z.int(), deadLetters: z.array(deadLetterSchema) }) },
      },
    },
    ...describeProblems({
      "invalid-parameter": "a parameter is invalid",
      unavailable: "PostgreSQL: connection refused",
    }),
  },
});

const idsSchema = z.strictObject({
  ids: z
    .array(z.string().refine((id) => parseMessageId(id) !== undefined, { error: "not topic-partition-offset" }))
    .min(1)
    .max(LIST_MAX),
});

const replayRoute = createRoute({
  method: "post",
  path: "/dead-letters/replay",
  tags: ["messages"],
  summary: "Replay dead-lettered messages",
  description:
    "Messages keep their original id, as with `millrace dead-letters replay`. Cross-site requests are refused. Scanning the dead-letter topic may take up to 40 % of REQUEST_TIMEOUT_MS; for a larger topic use the command, which has no time limit.",
  request: { body: { required: true, content: { "application/json": { schema: idsSchema } } } },
  responses: {
    202: {
      description: "The messages are in the replay topic. Follow each with GET /status/{id}.",
      content: { "application/json": { schema: z.object({ replayed: z.int() }) } },
    },
    ...describeProblems({
      "malformed-body": "the body is not JSON",
      "foreign-origin": "only the api's own pages and non-browser clients may do this",
      "unknown-message": "no dead letter for messages-3-41; nothing was replayed",
      "too-large": "the selected dead letters exceed 33554432 bytes: replay fewer at once",
      "invalid-body": "the body is invalid; nothing was replayed",
      unavailable: "Kafka: connection refused; nothing was replayed",
    }),
  },
});

export function deadLettersRoutes(edges: DeadLettersEdges, replayTopic: string, timeoutMs: number): OpenAPIHono {
  const app = new OpenAPIHono();
  app.openapi(listRoute, async (context) => {
    const { limit } = context.req.valid("query");
    const outcome = await attempt(() => edges.deadLetterRows.latest(limit), timeoutMs);
    if ("fault" in outcome) throw new HttpProblem("unavailable", `PostgreSQL: ${outcome.fault.cause}`);
    return context.json({ ...outcome.value, deadLetters: [...outcome.value.deadLetters] }, 200);
  });
  app.openAPIRegistry.registerPath(replayRoute);
  app.post("/dead-letters/replay", sameOrigin, limitBody, async (context) => {
    const startedAt = performance.now();
    const ids = parseIds(await context.req.text());
    const letters = await findLetters(ids, edges, timeoutMs);
    const outcome = await replay(letters, edges.messageLog, replayTopic, timeoutMs);
    const fault = "fault" in outcome ? outcome.fault : undefined;
    const details = { messages: letters.length, ...(fault && { cause: fault.cause }) };
    edges.log.record("api.replay", fault ? "retry" : "ok", elapsedMs(startedAt), details);
    if (fault) throw new HttpProblem("unavailable", `Kafka: ${fault.cause}; some may have been replayed`);
    return context.json({ replayed: letters.length }, 202);
  });
  return app;
}

const limitBody = bodyLimit({
  maxSize: BODY_MAX_BYTES,
  onError: () => {
    throw new HttpProblem("too-large", `the body exceeds ${BODY_MAX_BYTES} bytes`);
  },
});

function parseIds(body: string): readonly string[] {
  const parsed = idsSchema.safeParse(parseJson(body));
  if (parsed.success) return [...new Set(parsed.data.ids)];
  const errors = requestErrors(parsed.error);
  throw new HttpProblem("invalid-body", "the body is invalid; nothing was replayed", { errors });
}

/** Finds all of the dead letters, or throws. */
async function findLetters(ids: readonly string[], edges: DeadLettersEdges, timeoutMs: number): Promise<DeadLetter[]> {
  const outcome = await attempt(async (signal) => {
    try {
      return await edges.readDeadLetters(ids, signal);
    } catch (error) {
      if (error instanceof SelectionTooLarge) return error;
      throw error;
    }
  }, timeoutMs / 2);
  if ("fault" in outcome) throw new HttpProblem("unavailable", `Kafka: ${outcome.fault.cause}; nothing was replayed`);
  const letters = outcome.value;
  if (letters instanceof SelectionTooLarge) {
    throw new HttpProblem("too-large", `${letters.message}: replay fewer at once`);
  }
  const found = new Set(letters.map(({ origin }) => messageId(origin)));
  const missing = ids.filter((id) => !found.has(id));
  if (missing.length === 0) return letters;
  throw new HttpProblem("unknown-message", `no dead letter for ${missing.join(", ")}; nothing was replayed`);
}

async function replay(
  letters: readonly DeadLetter[],
  messageLog: MessageLog,
  topic: string,
  timeoutMs: number,
): Promise<Outcome<unknown>> {
  // One append per message: concurrent appends are batched within the size limit of a produce request.
  const appended = () => Promise.all(letters.map((letter) => messageLog.append(topic, [replayRecord(letter)])));
  const outcome = await attempt(appended, timeoutMs / 2);
  return "fault" in outcome ? outcome : (outcome.value.find((each) => "fault" in each) ?? outcome);
}
