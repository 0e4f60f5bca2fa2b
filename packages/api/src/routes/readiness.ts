import { OpenAPIHono, z } from "@hono/zod-openapi";
import { type Health, healthRoutes } from "@millrace/shared";

const liveSchema = z.object({ status: z.string() });
const readySchema = liveSchema.extend({ dependencies: z.record(z.string(), z.unknown()) });

/**
 * Kubernetes probes. The api is ready even while a service is unavailable, since it is the one that reports which
 * service that is.
 */
export function readinessRoutes(readiness: Health): OpenAPIHono {
  const app = new OpenAPIHono();
  const json = (description: string, schema: z.ZodType) => ({
    description,
    content: { "application/json": { schema } },
  });
  app.openAPIRegistry.registerPath({
    method: "get",
    path: "/health/live",
    tags: ["pipeline"],
    summary: "Liveness probe",
    responses: { 200: json("The process is running.", liveSchema) },
  });
  app.openAPIRegistry.registerPath({
    method: "get",
    path: "/health/ready",
    tags: ["pipeline"],
    summary: "Readiness probe",
    responses: {
      200: json("The api accepts requests; it has tried each service once.", readySchema),
      503: json("The api is starting.", readySchema),
    },
  });
  app.route("/", healthRoutes(readiness));
  return app;
}
