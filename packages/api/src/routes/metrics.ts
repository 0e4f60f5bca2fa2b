import { OpenAPIHono, z } from "@hono/zod-openapi";
import { type Metrics, metricsRoute } from "@millrace/shared";

export function metricsRoutes(metrics: Metrics): OpenAPIHono {
  const app = new OpenAPIHono();
  app.openAPIRegistry.registerPath({
    method: "get",
    path: "/metrics",
    tags: ["pipeline"],
    summary: "Prometheus metrics of the api",
    responses: {
      200: {
        description: "Prometheus text format; docs/monitoring.md lists the metrics.",
        content: { "text/plain": { schema: z.string() } },
      },
    },
  });
  app.route("/", metricsRoute(metrics));
  return app;
}
