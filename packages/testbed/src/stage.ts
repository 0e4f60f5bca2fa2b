import { randomBytes } from "node:crypto";
import { Writable } from "node:stream";
import {
  type ConsumerSettings,
  consume,
  Health,
  type KafkaSettings,
  Log,
  noTracing,
  openMessageLog,
  openTracking,
  type Patience,
  type ProcessSettings,
  processMetrics,
  type Received,
  type RedisSettings,
  type Stage,
  type TopicSettings,
} from "@millrace/shared";
import { isolated } from "@millrace/stack";
import { expect } from "vitest";

/** Nothing listens there: the port is reserved (tcpmux). */
export const CLOSED_PORT = 1;

/** Kafka's number for what a configuration is of. */
const TOPIC_RESOURCE = 2;

/**
 * The stack's services, names of its own in all of them, and times short enough for a test; but a session that a busy machine
 * does not end: each member that is thrown out has its records delivered again.
 */
export function testEnvironment(overrides: Record<string, string> = {}): NodeJS.ProcessEnv {
  return {
    ...process.env,
    ...isolated(randomBytes(6).toString("hex")),
    KAFKA_TOPIC_PARTITIONS: "2",
    KAFKA_SESSION_TIMEOUT_MS: "10000",
    KAFKA_COMMIT_INTERVAL_MS: "20",
    EMBEDDING_PROVIDER: "local",
    ...overrides,
  };
}

/** What every stage is told; its own configuration has more. */
export type StageConfig = ProcessSettings & KafkaSettings & TopicSettings & ConsumerSettings & RedisSettings;

export interface TestPatience extends Patience {
  /** The log's lines so far. */
  lines(): { action: string; status: string; details?: Record<string, unknown> }[];
}

export function testPatience(hardStop = new AbortController().signal): TestPatience {
  const written: string[] = [];
  const destination = new Writable({
    write(chunk, _encoding, done) {
      written.push(String(chunk));
      done();
    },
  });
  return {
    log: new Log("test", { destination }),
    health: new Health(),
    backoff: { initialMs: 20, maxMs: 100 },
    hardStop,
    lines: () => written.map((line) => JSON.parse(line)),
  };
}

/** What the stage's `main.ts` opens, and ways to look at what it did. */
export async function openEdges<Config extends StageConfig>(stage: Stage, config: Config) {
  const patience = testPatience();
  const { log, health, hardStop } = patience;
  const context = {
    config,
    log,
    health,
    metrics: processMetrics(log, health, config),
    tracing: noTracing,
    instance: "test",
    stop: hardStop,
    patience,
  };
  const messages = await openMessageLog(stage, context);
  const tracking = await openTracking(stage, context, messages);
  const { kafka } = messages;
  const { attempts } = tracking;

  const consumption = (groupId: string, topics: readonly string[], accept: (received: Received) => void) =>
    consume(
      kafka,
      { groupId, topics, inFlightMax: 10_000, inFlightMaxBytes: 100_000_000, settings: config, attempts, accept },
      patience,
    );
  return {
    config,
    patience,
    ...messages,
    ...tracking,
    consumption,
    /** Collects the records of a topic. */
    async read(topic: string) {
      const received: Received[] = [];
      const reading = await consumption(`${topic}-reader-${randomBytes(4).toString("hex")}`, [topic], (record) => {
        received.push(record);
        record.done();
      });
      return { received, [Symbol.asyncDispose]: () => reading[Symbol.asyncDispose]() };
    },
    /** What a group committed of a topic, added up over its partitions. */
    async committed(groupId: string, topic: string): Promise<number> {
      const admin = kafka.admin();
      await admin.connect();
      try {
        const [fetched] = await admin.fetchOffsets({ groupId, topics: [topic] });
        return (fetched?.partitions ?? []).reduce((sum, { offset }) => sum + Math.max(0, Number(offset)), 0);
      } finally {
        await admin.disconnect();
      }
    },
    /** Changes what a topic takes. */
    async setMaxMessageBytes(topic: string, bytes: number): Promise<void> {
      const admin = kafka.admin();
      await admin.connect();
      try {
        const configEntries = [{ name: "max.message.bytes", value: String(bytes) }];
        const resource = { type: TOPIC_RESOURCE, name: topic, configEntries };
        await admin.alterConfigs({ validateOnly: false, resources: [resource] });
      } finally {
        await admin.disconnect();
      }
    },
    async [Symbol.asyncDispose]() {
      await tracking[Symbol.asyncDispose]();
      await messages[Symbol.asyncDispose]();
    },
  };
}

export function eventually<Value>(value: () => Value, timeoutMs = 15_000) {
  return expect.poll(value, { interval: 20, timeout: timeoutMs });
}
