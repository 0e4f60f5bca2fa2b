import type { Redis, RedisSettings } from "@millrace/connections";
import type { Health, LatencySummary, Log, ProcessSettings, SlowOperation } from "@millrace/shared";
import { lastReportSchema, parseJson } from "@millrace/shared";
import { z } from "zod";

export const stages = ["ingest", "embed", "sink"] as const;
export type Stage = (typeof stages)[number];

/** What a stage says of itself besides its health. */
export interface Activity {
  /** Messages done since the process began. */
  messages: number;
  deadLettered: number;
  /** Records delivered and not done. */
  inFlight: number;
  lastActivityAt: Date | undefined;
  latencies: Record<string, LatencySummary>;
  /** Operations on other services that take longer than `SLOW_OPERATION_MS`. */
  slow: SlowOperation[];
}

const latencySchema = z.object({
  count: z.number(),
  p50Ms: z.number(),
  p95Ms: z.number(),
  p99Ms: z.number(),
  maxMs: z.number(),
  recent: z.object({ p50Ms: z.number(), p99Ms: z.number() }).optional(),
});

const presenceSchema = z.object({
  instance: z.string(),
  startedAt: z.string(),
  reportedAt: z.string(),
  ready: z.boolean(),
  dependencies: z.record(
    z.string(),
    z.object({ state: z.enum(["starting", "working", "waiting"]), since: z.string(), cause: z.string().optional() }),
  ),
  messages: z.number(),
  deadLettered: z.number(),
  inFlight: z.number(),
  lastActivityAt: z.string().nullable(),
  latencies: z.record(z.string(), latencySchema),
  /** What the doctor found at this process's start. */
  doctor: lastReportSchema.optional(),
  // A process of the version before does not tell.
  slow: z.array(z.object({ operation: z.string(), dependency: z.string(), recentMs: z.number() })).default([]),
});
/** What one process last said of itself. */
export type Presence = z.output<typeof presenceSchema>;

/** A process that has been silent for this many reports is gone. */
const SILENT_REPORTS = 5;

/** Says regularly how this process is: to Redis, where the api reads it, and more seldom to the log. */
export function announcePresence(
  redis: Redis,
  stage: Stage,
  context: { instance: string; log: Log; health: Health; config: ProcessSettings & RedisSettings },
  activity: () => Activity,
): AsyncDisposable {
  const { instance, log, health, config } = context;
  const key = presenceKey(config.REDIS_KEY_PREFIX, stage);
  const startedAt = new Date().toISOString();
  const current = (): Presence => {
    const { lastActivityAt, ...counts } = activity();
    return {
      instance,
      startedAt,
      reportedAt: new Date().toISOString(),
      ready: health.ready,
      dependencies: health.dependencies,
      ...(health.lastReport && { doctor: health.lastReport }),
      ...counts,
      lastActivityAt: lastActivityAt?.toISOString() ?? null,
    };
  };
  const report = (): void => {
    // Without Redis there is nobody to tell; its own state is in this process's health already.
    redis.hset(key, instance, JSON.stringify(current())).catch(() => undefined);
  };
  const beat = (): void => {
    const { messages, deadLettered, inFlight, lastActivityAt, ready, dependencies } = current();
    const waitingFor = Object.entries(dependencies).flatMap(([name, { state }]) => (state === "working" ? [] : [name]));
    log.record("process.heartbeat", "ok", undefined, {
      messages,
      deadLettered,
      inFlight,
      lastActivityAt,
      ready,
      waitingFor,
    });
  };
  report();
  const reports = setInterval(report, config.PRESENCE_INTERVAL_MS);
  const beats = setInterval(beat, config.HEARTBEAT_INTERVAL_MS);
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(reports);
      clearInterval(beats);
      await redis.hdel(key, instance).catch(() => undefined);
    },
  };
}

/** The processes of a stage that reported lately. Rejects without Redis. */
export async function readPresence(
  redis: Redis,
  prefix: string,
  stage: Stage,
  intervalMs: number,
): Promise<Presence[]> {
  const entries = await redis.hgetall(presenceKey(prefix, stage));
  const oldest = Date.now() - SILENT_REPORTS * intervalMs;
  const present: Presence[] = [];
  const gone: string[] = [];
  for (const [instance, json] of Object.entries(entries)) {
    const parsed = presenceSchema.safeParse(parseJson(json));
    if (parsed.success && Date.parse(parsed.data.reportedAt) >= oldest) present.push(parsed.data);
    else gone.push(instance);
  }
  if (gone.length > 0) await redis.hdel(presenceKey(prefix, stage), ...gone);
  return present;
}

function presenceKey(prefix: string, stage: Stage): string {
  return `${prefix}:presence:${stage}`;
}
