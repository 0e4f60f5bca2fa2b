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
        "failed: events can be neither published nor read. degraded: requests with an Idempotency-Key fail, and rate limits apply per process.",
    }),
    checks: z.object({ kafka: checkSchema, redis: checkSchema }),
  })
  .openapi("EventsHealth");

const route = createRoute({
  method: "get",
  path: "/api/v1/health",
  tags: ["events"],
  summary: "Health of the events API",
  description: "No token required. GET /health covers the whole pipeline.",
  responses: {
    200: {
      description: "Kafka is available.",
      content: { "application/json": { schema: eventsHealthSchema } },
    },
    503: {
      description: "Kafka is unavailable; `checks` has the cause.",
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
