import { z } from "@hono/zod-openapi";

const latencySchema = z
  .object({
    count: z.number(),
    p50Ms: z.number(),
    p95Ms: z.number(),
    p99Ms: z.number(),
    maxMs: z.number(),
    recent: z.object({ p50Ms: z.number(), p99Ms: z.number() }).optional().openapi({
      description: "Over the last five to ten seconds, accurate to 5 %; absent without recent measurements.",
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
  operation: z.string().openapi({ description: "The log action, such as sink.bulk_write." }),
  dependency: z.string(),
  recentMs: z.number().openapi({
    description:
      "Time-weighted mean over the last 10 s, or the age of the oldest pending operation; exceeds SLOW_OPERATION_MS.",
  }),
});

const instanceSchema = z
  .object({
    instance: z.string().openapi({ description: "Host and process id." }),
    ready: z.boolean(),
    startedAt: z.string(),
    reportedAt: z.string(),
    messages: z.number().openapi({ description: "Messages processed since the process started." }),
    deadLettered: z.number(),
    inFlight: z.number().openapi({ description: "Records received but not yet processed." }),
    lastActivityAt: z.string().nullable(),
    latencies: z.record(z.string(), latencySchema),
  })
  .openapi("Instance");

const stageLagSchema = z.object({
  total: z.number(),
  topics: z.record(z.string(), z.number().nullable()).openapi({ description: "null if the topic does not exist." }),
});
export type StageLag = z.output<typeof stageLagSchema>;

export const stageStatusSchema = z
  .object({
    state: z.enum(["running", "waiting", "stopped"]).nullable().openapi({
      description:
        "running: at least one instance is ready; waiting: instances report, but none is ready; stopped: no instance reports.",
    }),
    waitingFor: z.array(waitSchema).nullable(),
    lag: stageLagSchema.nullable().openapi({ description: "Records not yet committed by the stage's consumer group." }),
    inFlight: z.number().nullable(),
    messages: z.number().nullable(),
    deadLettered: z.number().nullable(),
    lastActivityAt: z.string().nullable(),
    latencies: z
      .record(z.string(), latencySchema)
      .nullable()
      .openapi({ description: "By log action: the total count, and for each percentile the highest of any instance." }),
    slow: z.array(slowSchema).nullable(),
    instances: z.array(instanceSchema).nullable(),
    unknown: z
      .object({ presence: z.string().optional(), lag: z.string().optional() })
      .optional()
      .openapi({ description: "The reason for each null field." }),
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
