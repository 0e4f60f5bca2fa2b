import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { type Presence, type Stage, stages } from "@millrace/stage";
import { attempt, type Outcome } from "../outcome.ts";
import { elapsedMs, PROBE_TIMEOUT_MS, type Probe, type ProbeResult } from "../probe.ts";
import { describeProblems } from "../problem.ts";
import { slowOf, waitsOf } from "../stage-summary.ts";

export const services = ["kafka", "opensearch", "postgres", "redis"] as const;
export type ProbedService = (typeof services)[number];

/** The provider's name among the dependencies that embed reports. */
const EMBEDDING_PROVIDER = "embedding-provider";

export interface HealthEdges {
  readPresence(): Promise<Record<Stage, Presence[]>>;
  probes: Record<ProbedService, Probe>;
}

export const checkSchema = z
  .object({
    status: z.enum(["ok", "slow", "failed"]),
    cause: z.string().optional(),
    since: z.string().optional().openapi({ description: "When the current failure began, if known; ISO 8601." }),
    checkedInMs: z.number().openapi({ description: "Duration of the last check." }),
  })
  .openapi("Check");

const names = ["api", ...stages, ...services, EMBEDDING_PROVIDER] as const;
type Name = (typeof names)[number];

const healthSchema = z
  .object({
    status: z.enum(["ok", "slow", "failed"]).openapi({ description: "The worst status of all checks." }),
    failed: z.array(z.enum(names)).openapi({ description: "Names of the failed checks." }),
    slow: z.array(z.enum(names)).openapi({ description: "Names of the slow checks." }),
    checks: z.record(z.enum(names), checkSchema),
  })
  .openapi("Health");

const failedExample = {
  status: "failed",
  failed: ["sink"],
  slow: [],
  checks: { sink: { status: "failed", cause: "no running process", checkedInMs: 0.8 } },
};

const route = createRoute({
  method: "get",
  path: "/health",
  tags: ["pipeline"],
  summary: "Health of all processes and services",
  description:
    "A stage is ok if at least one of its instances is ready, and slow if an operation of any instance exceeds " +
    "SLOW_OPERATION_MS. Results are cached for about a second.",
  responses: {
    200: {
      description: "No check failed. `slow` names the slow ones, and `checks` the slow operations.",
      content: { "application/json": { schema: healthSchema } },
    },
    503: {
      description: "At least one check failed. `failed` names them, and `checks` has the causes.",
      content: { "application/json": { schema: healthSchema, example: failedExample } },
    },
    ...describeProblems({}),
  },
});

export function healthRoute(edges: HealthEdges): OpenAPIHono {
  const app = new OpenAPIHono();
  app.openapi(route, async (context) => {
    const checks = await readChecks(edges);
    const failed = names.filter((name) => checks[name].status === "failed");
    const slow = names.filter((name) => checks[name].status === "slow");
    if (failed.length > 0) return context.json({ status: "failed" as const, failed, slow, checks }, 503);
    return context.json({ status: slow.length > 0 ? ("slow" as const) : ("ok" as const), failed, slow, checks }, 200);
  });
  return app;
}

/** Never rejects: an unreachable service counts as failed. */
export async function readChecks({ readPresence, probes }: HealthEdges): Promise<Record<Name, ProbeResult>> {
  const startedAt = performance.now();
  const [kafka, opensearch, postgres, redis, presence] = await Promise.all([
    probes.kafka(),
    probes.opensearch(),
    probes.postgres(),
    probes.redis(),
    attempt(readPresence, PROBE_TIMEOUT_MS).then((outcome) => ({ outcome, checkedInMs: elapsedMs(startedAt) })),
  ]);
  const ofStage = (stage: Stage) => checkStage(presence.outcome, stage, presence.checkedInMs);
  return {
    // This process responds, so it is ok; its dependencies are listed separately.
    api: { status: "ok", checkedInMs: 0 },
    ingest: ofStage("ingest"),
    embed: ofStage("embed"),
    sink: ofStage("sink"),
    ...{ kafka, opensearch, postgres, redis },
    [EMBEDDING_PROVIDER]: checkProvider(presence.outcome, presence.checkedInMs),
  };
}

function checkStage(presence: Outcome<Record<Stage, Presence[]>>, stage: Stage, checkedInMs: number): ProbeResult {
  if ("fault" in presence) return unknown(presence.fault.cause, checkedInMs);
  const instances = presence.value[stage];
  if (instances.some(({ ready }) => ready)) return { ...slowness(instances), checkedInMs };
  if (instances.length === 0) return { status: "failed", cause: "no running process", checkedInMs };
  const waits = instances.flatMap(waitsOf);
  const cause = waits.map((wait) => `waiting for ${wait.dependency}${wait.cause ? ` (${wait.cause})` : ""}`);
  const since = waits.map((wait) => wait.since).sort()[0];
  return { status: "failed", cause: cause.join("; ") || "starting", ...(since && { since }), checkedInMs };
}

function slowness(instances: readonly Presence[]): Pick<ProbeResult, "status" | "cause"> {
  const slow = instances.flatMap(slowOf);
  if (slow.length === 0) return { status: "ok" };
  const takes = slow.map(
    ({ operation, dependency, recentMs }) => `${operation} takes ${Math.round(recentMs)} ms (${dependency})`,
  );
  return { status: "slow", cause: takes.join("; ") };
}

/** Relies on embed's report: only embed connects to the embedding provider. */
function checkProvider(presence: Outcome<Record<Stage, Presence[]>>, checkedInMs: number): ProbeResult {
  if ("fault" in presence) return unknown(presence.fault.cause, checkedInMs);
  const reports = presence.value.embed.flatMap(({ dependencies }) => dependencies[EMBEDDING_PROVIDER] ?? []);
  if (reports.some(({ state }) => state === "working")) return { status: "ok", checkedInMs };
  const [report] = reports;
  if (!report) return { status: "failed", cause: "unknown: no embed process reports it", checkedInMs };
  return { status: "failed", cause: report.cause ?? report.state, since: report.since, checkedInMs };
}

function unknown(cause: string, checkedInMs: number): ProbeResult {
  return { status: "failed", cause: `unknown: Redis is unavailable (${cause})`, checkedInMs };
}
