import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { type LastReport, lastReportSchema } from "@millrace/shared";
import { type Presence, type Stage, stages } from "@millrace/stage";
import { attempt } from "../outcome.ts";
import { describeProblems } from "../problem.ts";

export interface DoctorEdges {
  readPresence(): Promise<Record<Stage, Presence[]>>;
  /** The api's own report; undefined while its checks run. */
  lastReport(): LastReport | undefined;
}

const doctorSchema = z.object({
  reports: z.array(z.object({ instance: z.string(), report: lastReportSchema })),
  unknown: z.string().optional().openapi({ description: "Why the stages' reports are missing: Redis is unavailable." }),
});

const route = createRoute({
  method: "get",
  path: "/doctor",
  tags: ["pipeline"],
  summary: "The startup report of each process's doctor",
  description:
    "Each process checks all of its dependencies step by step when it starts. `millrace doctor` checks them now.",
  responses: {
    200: { description: "One report per process.", content: { "application/json": { schema: doctorSchema } } },
    ...describeProblems({}),
  },
});

export function doctorRoute({ readPresence, lastReport }: DoctorEdges, timeoutMs: number): OpenAPIHono {
  const app = new OpenAPIHono();
  app.openapi(route, async (context) => {
    const own = lastReport();
    const reports = own ? [{ instance: "api", report: own }] : [];
    const presence = await attempt(readPresence, timeoutMs);
    if ("fault" in presence) return context.json({ reports, unknown: presence.fault.cause }, 200);
    for (const { instance, doctor } of stages.flatMap((stage) => presence.value[stage])) {
      if (doctor) reports.push({ instance, report: doctor });
    }
    return context.json({ reports }, 200);
  });
  return app;
}
