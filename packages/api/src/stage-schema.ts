import { z } from "@hono/zod-openapi";

const latencySchema = z
  .object({
    count: z.number(),
    p50Ms: z.number(),
    p95Ms: z.number(),
    p99Ms: z.number(),
    maxMs: z.number(),
    recent: z.object({ p50Ms: z.number(), p99Ms: z.number() }).optional().openapi({
      description: "Of the last five to ten seconds, within 5 %; absent where nothing was measured then.",
    }),
  })
  .openapi("Latency");

const waitSchema = z.object({
  instance: z.string(),
  dependency: z.string(),
  since: z.string().openapi({ description: "ISO 8601" }),
  cause: z.string().optional(),
});

const slowSchema = z.object({
  instance: z.string(),
  operation: z.string().openapi({ description: "An action of the log." }),
  dependency: z.string(),
  recentMs: z.number().openapi({
    description:
      "Time-weighted mean of the last 10 s, or the age of the oldest one under way; above SLOW_OPERATION_MS.",
  }),
});

const instanceSchema = z
  .object({
    instance: z.string().openapi({ description: "Host and process id." }),
    ready: z.boolean(),
    startedAt: z.string(),
    reportedAt: z.string(),
    messages: z.number().openapi({ description: "Messages done since the process began." }),
    deadLettered: z.number(),
    inFlight: z.number().openapi({ description: "Records delivered and not done." }),
    lastActivityAt: z.string().nullable(),
    latencies: z.record(z.string(), latencySchema),
  })
  .openapi("Instance");

const stageLagSchema = z.object({
  total: z.number(),
  topics: z.record(z.string(), z.number().nullable()).openapi({ description: "null: the topic does not exist." }),
});
export type StageLag = z.output<typeof stageLagSchema>;

export const stageStatusSchema = z
  .object({
    state: z.enum(["running", "waiting", "stopped"]).nullable().openapi({
      description:
        "running: an instance is ready; waiting: instances report, and none is ready; stopped: none reports.",
    }),
    waitingFor: z.array(waitSchema).nullable(),
    lag: stageLagSchema
      .nullable()
      .openapi({ description: "Records that the stage's consumer group has not committed." }),
    inFlight: z.number().nullable(),
    messages: z.number().nullable(),
    deadLettered: z.number().nullable(),
    lastActivityAt: z.string().nullable(),
    latencies: z
      .record(z.string(), latencySchema)
      .nullable()
      .openapi({ description: "By action: counts in sum, and each figure of the worst instance." }),
    slow: z.array(slowSchema).nullable(),
    instances: z.array(instanceSchema).nullable(),
    unknown: z
      .object({ presence: z.string().optional(), lag: z.string().optional() })
      .optional()
      .openapi({ description: "Why a part is null." }),
  })
  .openapi("StageStatus", {
    example: {
      state: "running",
      waitingFor: [],
      lag: { total: 12, topics: { messages: 12 } },
      inFlight: 4,
      messages: 10_003,
      deadLettered: 0,
      lastActivityAt: "2026-01-01T12:00:00.000Z",
      latencies: { "ingest.pack": { count: 40, p50Ms: 21, p95Ms: 24, p99Ms: 31, maxMs: 38 } },
      slow: [],
      instances: [],
    },
  });
export type StageStatus = z.output<typeof stageStatusSchema>;
