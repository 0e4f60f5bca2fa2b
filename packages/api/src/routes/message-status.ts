import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { type Origin, parseMessageId } from "@millrace/shared";
import { type Milestone, milestones, type Progress, type StageTracker } from "@millrace/stage";
import { durationsOf, lastOf, timesOf } from "../message-progress.ts";
import { attempt, type Outcome } from "../outcome.ts";
import { describeProblems, HttpProblem } from "../problem.ts";

type Identity = Pick<Origin, "topic" | "partition" | "offset">;

const recordSchema = z.object({
  timestamp: z.string(),
  log_level: z.enum(["INFO", "ERROR"]),
  error_code: z.string().nullable(),
  error_cause: z.string().nullable(),
  opensearch_index: z.string().nullable(),
  opensearch_doc_id: z.string().nullable(),
  embedding_model: z.string().nullable(),
});
/** A message's row of demo_log. */
export type AuditRecord = z.output<typeof recordSchema>;

/** Finds the audit row of a message. Rejects if the store is unavailable. */
export interface AuditReader {
  find(message: Identity): Promise<AuditRecord | undefined>;
}

export interface MessageStatusEdges {
  tracker: Pick<StageTracker, "progress">;
  auditReader: AuditReader;
}

const messageStatusSchema = z
  .object({
    id: z.string(),
    state: z.enum(milestones),
    milestones: z.partialRecord(z.enum(milestones), z.string()).openapi({
      description:
        "When the message reached each milestone, ISO 8601; empty if Redis has no (or no longer has) progress for it.",
    }),
    durationsMs: z.array(z.object({ from: z.enum(milestones), to: z.enum(milestones), ms: z.number() })),
    record: recordSchema.optional().openapi({ description: "The message's row in demo_log, once written." }),
    unknown: z
      .object({ progress: z.string().optional(), record: z.string().optional() })
      .optional()
      .openapi({ description: "The reason for each missing field." }),
  })
  .openapi("MessageStatus");

const example: z.output<typeof messageStatusSchema> = {
  id: "messages-3-41",
  state: "ingested",
  milestones: { published: "2026-01-01T12:00:00.000Z", ingested: "2026-01-01T12:00:00.031Z" },
  durationsMs: [{ from: "published", to: "ingested", ms: 31 }],
};

const route = createRoute({
  method: "get",
  path: "/status/{id}",
  tags: ["messages"],
  summary: "Progress of one message",
  request: {
    params: z.object({
      id: z
        .string()
        .openapi({ description: "topic-partition-offset, as returned by POST /publish", example: example.id }),
    }),
  },
  responses: {
    200: {
      description: "The message's state and the duration of each step.",
      content: { "application/json": { schema: messageStatusSchema, example } },
    },
    ...describeProblems({
      "invalid-parameter": "the id must have the form topic-partition-offset",
      "unknown-message": "neither Redis nor PostgreSQL has messages-3-41",
      unavailable: "Redis: connection refused; no other store has messages-3-41",
    }),
  },
});

export function messageStatusRoute(edges: MessageStatusEdges, timeoutMs: number): OpenAPIHono {
  const app = new OpenAPIHono();
  app.openapi(route, async (context) => {
    const { id } = context.req.valid("param");
    const identity = identityOf(id);
    const [progress, record] = await Promise.all([
      attempt(() => edges.tracker.progress(identity), timeoutMs),
      attempt(() => edges.auditReader.find(identity), timeoutMs),
    ]);
    return context.json(messageStatus(id, progress, record), 200);
  });
  return app;
}

const PARTITION_MAX = 2 ** 31 - 1;

function identityOf(id: string): Identity {
  const identity = parseMessageId(id);
  if (identity && identity.partition <= PARTITION_MAX && Number.isSafeInteger(identity.offset)) return identity;
  const errors = [{ path: "id", message: "must have the form topic-partition-offset" }];
  throw new HttpProblem("invalid-parameter", "the id must have the form topic-partition-offset", { errors });
}

function messageStatus(id: string, progress: Outcome<Progress | undefined>, record: Outcome<AuditRecord | undefined>) {
  const known = "value" in progress ? (progress.value ?? {}) : {};
  const row = "value" in record ? record.value : undefined;
  const state = row ? stateOf(row) : lastOf(known);
  const unknown = {
    ...("fault" in progress && { progress: `Redis: ${progress.fault.cause}` }),
    ...("fault" in record && { record: `PostgreSQL: ${record.fault.cause}` }),
  };
  const missing = Object.values(unknown);
  if (!state) {
    // An unavailable store may have the message, so it is not a 404.
    if (missing.length > 0) throw new HttpProblem("unavailable", `${missing.join("; ")}; no other store has ${id}`);
    throw new HttpProblem("unknown-message", `neither Redis nor PostgreSQL has ${id}`);
  }
  return {
    id,
    state,
    milestones: timesOf(known),
    durationsMs: durationsOf(known),
    ...(row && { record: row }),
    ...(missing.length > 0 && { unknown }),
  };
}

/** The row takes precedence: progress in Redis is best effort. */
function stateOf(record: AuditRecord): Milestone {
  return record.log_level === "INFO" ? "stored" : "dead_lettered";
}
