import { randomBytes } from "node:crypto";
import { Writable } from "node:stream";
import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Redis } from "@millrace/connections";
import { createKafka, createTopicReader, ensureTopics, type ReadRecord, readRanges } from "@millrace/kafka";
import { Health, Log, noTracing, type Patience, processMetrics, readConfiguration } from "@millrace/shared";
import { isolated as namespace } from "@millrace/stack";
import { type Activity, announcePresence, type Stage } from "@millrace/stage";
import { CLOSED_PORT as closedPort, testPatience } from "@millrace/testbed";
import { createApp } from "../src/app.ts";
import { type ApiConfig, apiConfig } from "../src/config.ts";
import { type OpenEdges, openEdges } from "../src/edges.ts";

export const CLOSED_PORT = String(closedPort);

export interface TestApp extends AsyncDisposable {
  app: OpenAPIHono;
  config: ApiConfig;
  edges: OpenEdges["edges"];
  /** The lines logged so far. */
  lines(): Record<string, unknown>[];
}

/** Unique names for everything stored in the services, so that test files don't collide. */
export function isolated(): Record<string, string> {
  const suffix = randomBytes(6).toString("hex");
  return {
    ...namespace(suffix),
    KAFKA_TOPICS: `messages-${suffix},orders-${suffix}`,
    RETRY_INITIAL_MS: "20",
    // Generous, as a busy machine is slow; tests of these limits set their own.
    REQUEST_TIMEOUT_MS: "60000",
    EVENTS_DELIVERY_TIMEOUT_MS: "20000",
    KAFKA_TOPIC_PARTITIONS: "3",
    EMBED_URL: `http://127.0.0.1:${CLOSED_PORT}`,
    // Without a registry, values are plain JSON.
    SCHEMA_REGISTRY_URL: "",
  };
}

/** The api over the stack's services, wired as in `main.ts`, without its server. */
export function openTestApp(environment: Record<string, string>): TestApp {
  const config = readConfiguration(apiConfig, { ...process.env, ...environment });
  const written: string[] = [];
  const destination = new Writable({
    write(chunk, _encoding, done) {
      written.push(String(chunk));
      done();
    },
  });
  const hardStop = new AbortController();
  const patience: Patience = {
    log: new Log("api", { destination }),
    health: new Health(),
    backoff: { initialMs: config.RETRY_INITIAL_MS, maxMs: config.RETRY_MAX_MS },
    hardStop: hardStop.signal,
  };
  const open = openEdges(config, patience, noTracing);
  const readiness = new Health();
  readiness.started();
  return {
    app: createApp(open.edges, readiness, config, processMetrics(patience.log, patience.health)),
    config,
    edges: open.edges,
    lines: () => written.map((line) => JSON.parse(line)),
    async [Symbol.asyncDispose]() {
      hardStop.abort();
      await open[Symbol.asyncDispose]();
    },
  };
}

/** All records of a topic, in order by partition. */
export async function recordsIn(config: ApiConfig, topic: string): Promise<ReadRecord[]> {
  await using reader = createTopicReader(createKafka(config, "reader", new Log("test", { level: "error" })));
  const records: ReadRecord[] = [];
  for await (const record of readRanges(reader, topic, (await reader.ranges(topic)) ?? [])) records.push(record);
  return records;
}

export async function createTopics(config: ApiConfig, topics: readonly string[]): Promise<void> {
  const patience = testPatience();
  await ensureTopics(
    createKafka(config, "test", patience.log),
    topics.map((topic) => ({ topic, partitions: config.KAFKA_TOPIC_PARTITIONS })),
    1,
    patience,
  );
}

/** Repeats until the condition holds, or until the test times out. */
export async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 20));
}

export function postJson(body: unknown): RequestInit {
  return { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
}

export async function bodyOf<Body>(response: Response): Promise<Body> {
  return (await response.json()) as Body;
}

/** Reports presence like a stage's process. */
export function announce(
  redis: Redis,
  stage: Stage,
  { config, edges }: TestApp,
  health: Health,
  slow: Activity["slow"] = [],
  instance = `test-${stage}`,
): AsyncDisposable {
  const context = {
    instance,
    log: edges.log,
    health,
    config: { ...config, PRESENCE_INTERVAL_MS: 100 },
  };
  return announcePresence(redis, stage, context, () => ({
    messages: 12,
    deadLettered: 1,
    inFlight: 3,
    lastActivityAt: new Date("2026-01-01T00:00:00Z"),
    latencies: { [`${stage}.batch`]: { count: 1, p50Ms: 1, p95Ms: 2, p99Ms: 4, maxMs: 4 } },
    slow,
  }));
}
