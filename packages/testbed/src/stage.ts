import { randomBytes } from "node:crypto";
import { Writable } from "node:stream";
import {
  type Attempts,
  type ConsumerSettings,
  connectProducer,
  consume,
  createAttempts,
  createDeadLetters,
  createKafka,
  createTracker,
  ensurePipelineTopics,
  Health,
  type KafkaSettings,
  Log,
  openRedis,
  type Patience,
  type Received,
  type RecordProducer,
  type RedisSettings,
  type TopicSettings,
} from "@millrace/shared";
import { isolated } from "@millrace/stack";
import { expect } from "vitest";

/** Nothing listens there: the port is reserved (tcpmux). */
export const CLOSED_PORT = 1;

/** The stack's services, names of its own in all of them, and times short enough for a test. */
export function testEnvironment(overrides: Record<string, string> = {}): NodeJS.ProcessEnv {
  return {
    ...process.env,
    ...isolated(randomBytes(6).toString("hex")),
    KAFKA_TOPIC_PARTITIONS: "2",
    KAFKA_SESSION_TIMEOUT_MS: "1000",
    KAFKA_COMMIT_INTERVAL_MS: "20",
    EMBEDDING_PROVIDER: "local",
    ...overrides,
  };
}

/** What every stage is told; its own configuration has more. */
export type StageConfig = KafkaSettings & TopicSettings & ConsumerSettings & RedisSettings;

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
export async function openEdges<Config extends StageConfig>(stage: string, config: Config) {
  const patience = testPatience();
  const { log } = patience;
  const kafka = createKafka(config, "test", log);
  await ensurePipelineTopics(kafka, config, patience);
  const producer: RecordProducer = await connectProducer(kafka, patience);
  const redis = openRedis(config, patience);
  const tracker = createTracker(redis, config, log);
  const attempts: Attempts = createAttempts(redis, config.REDIS_KEY_PREFIX);
  const deadLetters = createDeadLetters(stage, config.DEAD_LETTERS_TOPIC, { producer, tracker, log });

  const consumption = (groupId: string, topics: readonly string[], accept: (received: Received) => void) =>
    consume(
      kafka,
      { groupId, topics, inFlightMax: 10_000, inFlightMaxBytes: 100_000_000, settings: config, attempts, accept },
      patience,
    );
  return {
    config,
    patience,
    kafka,
    producer,
    tracker,
    attempts,
    deadLetters,
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
    async [Symbol.asyncDispose]() {
      await tracker.flush();
      await producer[Symbol.asyncDispose]();
      redis.disconnect();
    },
  };
}

export function eventually<Value>(value: () => Value, timeoutMs = 15_000) {
  return expect.poll(value, { interval: 20, timeout: timeoutMs });
}
