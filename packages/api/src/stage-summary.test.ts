import type { Presence } from "@millrace/stage";
import { expect, test } from "vitest";
import { summarize } from "./stage-summary.ts";

const latency = { count: 2, p50Ms: 10, p95Ms: 20, p99Ms: 30, maxMs: 40 };
const lag = { value: { total: 3, topics: { messages: 3 } } };

function instance(overrides: Partial<Presence>): Presence {
  return {
    instance: "one",
    startedAt: "2026-01-01T00:00:00.000Z",
    reportedAt: "2026-01-01T00:01:00.000Z",
    ready: true,
    dependencies: { redis: { state: "working", since: "2026-01-01T00:00:00.000Z" } },
    messages: 5,
    deadLettered: 1,
    inFlight: 2,
    lastActivityAt: null,
    latencies: { "sink.batch": latency },
    slow: [],
    ...overrides,
  };
}

test("adds counts and takes the highest value of each latency figure", () => {
  const slow = { ...latency, p50Ms: 5, maxMs: 90 };
  const other = instance({
    instance: "two",
    lastActivityAt: "2026-01-01T00:00:30.000Z",
    latencies: { "sink.batch": slow },
  });
  expect(summarize({ value: [instance({}), other] }, lag)).toMatchObject({
    state: "running",
    messages: 10,
    deadLettered: 2,
    inFlight: 4,
    lastActivityAt: "2026-01-01T00:00:30.000Z",
    latencies: { "sink.batch": { count: 4, p50Ms: 10, p95Ms: 20, p99Ms: 30, maxMs: 90 } },
    lag: lag.value,
  });
});

test("a stage without a ready instance is waiting, and lists its dependencies", () => {
  const wait = { state: "waiting", since: "2026-01-01T00:00:10.000Z", cause: "connection refused" } as const;
  const waiting = instance({ ready: false, dependencies: { opensearch: wait } });
  expect(summarize({ value: [waiting] }, lag)).toMatchObject({
    state: "waiting",
    waitingFor: [{ instance: "one", dependency: "opensearch", since: wait.since, cause: wait.cause }],
  });
});

test("a stage without instances is stopped", () => {
  expect(summarize({ value: [] }, lag)).toMatchObject({ state: "stopped", messages: 0, instances: [] });
});

test("a field of an unavailable source is null and has a reason", () => {
  const away = { fault: { kind: "retryable", code: "unavailable", cause: "away" } } as const;
  const status = summarize(away, away);
  expect(status).toMatchObject({ state: null, lag: null, instances: null, messages: null });
  expect(status.unknown).toEqual({ presence: "Redis: away", lag: "Kafka: away" });
});
