import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { type Presence, type Stage, stages } from "@millrace/stage";
import { attempt, type Outcome } from "../outcome.ts";
import { describeProblems } from "../problem.ts";
import { type StageLag, type StageStatus, stageStatusSchema } from "../stage-schema.ts";
import { summarize } from "../stage-summary.ts";

/** The latest report of each process. Rejects if Redis is unavailable. */
export interface PresenceBoard {
  read(): Promise<Record<Stage, Presence[]>>;
}

/** Consumer lag of each stage. Rejects if Kafka is unavailable. */
export interface LagReader {
  read(): Promise<Record<Stage, StageLag>>;
}

/** Both are cached for about a second. */
export interface StatusEdges {
  readPresence(): Promise<Record<Stage, Presence[]>>;
  readLag(): Promise<Record<Stage, StageLag>>;
}

const statusSchema = z.object({
  stages: z.object({ ingest: stageStatusSchema, embed: stageStatusSchema, sink: stageStatusSchema }),
});

const route = createRoute({
  method: "get",
  path: "/status",
  tags: ["pipeline"],
  summary: "State of all stages",
  description:
    "A field is null if its source is unavailable; `unknown` has the reason. Results are cached for about a second.",
  responses: {
    200: {
      description: "State, instances, lag, messages in flight, last activity and latencies per stage.",
      content: { "application/json": { schema: statusSchema } },
    },
    ...describeProblems({}),
  },
});

export function statusRoute(edges: StatusEdges, timeoutMs: number): OpenAPIHono {
  const app = new OpenAPIHono();
  app.openapi(route, async (context) => {
    return context.json({ stages: await readStatus(edges, timeoutMs) }, 200);
  });
  return app;
}

/** Never rejects: fields of an unavailable source are null. */
export async function readStatus(edges: StatusEdges, timeoutMs: number): Promise<Record<Stage, StageStatus>> {
  const [presence, lag] = await Promise.all([
    attempt(edges.readPresence, timeoutMs),
    attempt(edges.readLag, timeoutMs),
  ]);
  const status = stages.map((stage) => [stage, summarize(pick(presence, stage), pick(lag, stage))]);
  return Object.fromEntries(status) as Record<Stage, StageStatus>;
}

function pick<Value>(outcome: Outcome<Record<Stage, Value>>, stage: Stage): Outcome<Value> {
  return "fault" in outcome ? outcome : { value: outcome.value[stage] };
}
