import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import type { Probe } from "../probe.ts";
import { describeProblems } from "../problem.ts";
import { checkSchema } from "./health.ts";

export interface EventsHealthEdges {
  probes: { kafka: Probe; redis: Probe };
}

const eventsHealthSchema = z
  .object({
    status: z.enum(["ok", "degraded", "failed"]).openapi({
      description:
        "failed: events can be neither published nor read. degraded: without Idempotency-Key, and each process limits rates by itself.",
    }),
    checks: z.object({ kafka: checkSchema, redis: checkSchema }),
  })
  .openapi("EventsHealth");

const route = createRoute({
  method: "get",
  path: "/api/v1/health",
  tags: ["events"],
  summary: "Whether events can be published and read",
  description: "Needs no token. GET /health tells of the whole pipeline.",
  responses: {
    200: {
      description: "Kafka answers.",
      content: { "application/json": { schema: eventsHealthSchema } },
    },
    503: {
      description: "Kafka does not answer; `checks` says why.",
      content: { "application/json": { schema: eventsHealthSchema } },
    },
    ...describeProblems({}),
  },
});

export function eventsHealthRoute({ probes }: EventsHealthEdges): OpenAPIHono {
  const app = new OpenAPIHono();
  app.openapi(route, async (context) => {
    const [kafka, redis] = await Promise.all([probes.kafka(), probes.redis()]);
    const checks = { kafka, redis };
    if (kafka.status === "failed") return context.json({ status: "failed" as const, checks }, 503);
    return context.json({ status: redis.status === "failed" ? ("degraded" as const) : ("ok" as const), checks }, 200);
  });
  return app;
}
