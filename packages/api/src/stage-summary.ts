import type { LatencySummary } from "@millrace/shared";
import type { Presence } from "@millrace/stage";
import type { Outcome } from "./outcome.ts";
import type { StageLag, StageStatus } from "./stage-schema.ts";

/** Combines the reports of a stage's instances with the lag of its consumer group. */
export function summarize(presence: Outcome<Presence[]>, lag: Outcome<StageLag>): StageStatus {
  const unknown = {
    ...("fault" in presence && { presence: `Redis: ${presence.fault.cause}` }),
    ...("fault" in lag && { lag: `Kafka: ${lag.fault.cause}` }),
  };
  return {
    ...("fault" in presence ? unknownPresence : summarizePresence(presence.value)),
    lag: "fault" in lag ? null : lag.value,
    ...(Object.keys(unknown).length > 0 && { unknown }),
  };
}

type PresenceSummary = Omit<StageStatus, "lag" | "unknown">;

const unknownPresence: PresenceSummary = {
  state: null,
  waitingFor: null,
  inFlight: null,
  messages: null,
  deadLettered: null,
  lastActivityAt: null,
  latencies: null,
  slow: null,
  instances: null,
};

function summarizePresence(instances: Presence[]): PresenceSummary {
  const sum = (count: (instance: Presence) => number): number =>
    instances.reduce((total, instance) => total + count(instance), 0);
  const activities = instances.flatMap(({ lastActivityAt }) => lastActivityAt ?? []);
  return {
    state: stateOf(instances),
    waitingFor: instances.flatMap(waitsOf),
    inFlight: sum(({ inFlight }) => inFlight),
    messages: sum(({ messages }) => messages),
    deadLettered: sum(({ deadLettered }) => deadLettered),
    // ISO 8601 in UTC sorts by time.
    lastActivityAt: activities.sort().at(-1) ?? null,
    latencies: worstLatencies(instances),
    slow: instances.flatMap(slowOf),
    instances: instances.map(({ dependencies: _, slow: __, doctor: ___, ...instance }) => instance),
  };
}

function stateOf(instances: readonly Presence[]): "running" | "waiting" | "stopped" {
  if (instances.length === 0) return "stopped";
  return instances.some(({ ready }) => ready) ? "running" : "waiting";
}

/** The dependencies that an instance waits for, and since when. */
export function waitsOf({ instance, dependencies }: Presence) {
  return Object.entries(dependencies).flatMap(([dependency, { state, since, cause }]) =>
    state === "working" ? [] : [{ instance, dependency, since, ...(cause !== undefined && { cause }) }],
  );
}

/** The slow operations of an instance. */
export function slowOf({ instance, slow }: Presence) {
  return slow.map((operation) => ({ instance, ...operation }));
}

function worstLatencies(instances: readonly Presence[]): Record<string, LatencySummary> {
  const worst: Record<string, LatencySummary> = {};
  for (const [action, latency] of instances.flatMap(({ latencies }) => Object.entries(latencies))) {
    const before = worst[action];
    worst[action] = before ? worseOf(before, latency) : latency;
  }
  return worst;
}

function worseOf(one: LatencySummary, other: LatencySummary): LatencySummary {
  const recents = [one, other].flatMap(({ recent }) => recent ?? []);
  return {
    count: one.count + other.count,
    p50Ms: Math.max(one.p50Ms, other.p50Ms),
    p95Ms: Math.max(one.p95Ms, other.p95Ms),
    p99Ms: Math.max(one.p99Ms, other.p99Ms),
    maxMs: Math.max(one.maxMs, other.maxMs),
    ...(recents.length > 0 && {
      recent: {
        p50Ms: Math.max(...recents.map(({ p50Ms }) => p50Ms)),
        p99Ms: Math.max(...recents.map(({ p99Ms }) => p99Ms)),
      },
    }),
  };
}
