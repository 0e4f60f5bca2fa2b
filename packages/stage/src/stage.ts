import type { RedisSettings } from "@millrace/connections";
import { exposeIdentity, firstConnection, openRedis, type Redis } from "@millrace/connections";
import type { Attempts, ConsumerSettings, Kafka, KafkaSettings, Received, TopicSettings } from "@millrace/kafka";
import { connectProducer, consume, createKafka, ensurePipelineTopics, type RecordProducer } from "@millrace/kafka";
import type { Latency, LatencySummary, ProcessSettings } from "@millrace/shared";
import { aborted, type ProcessContext } from "@millrace/shared";
import { createAttempts } from "./attempts.ts";
import { createDeadLetters, type DeadLetters } from "./dead-letters.ts";
import { exposeStage, exposeWork } from "./expose-stage.ts";
import { announcePresence, type Stage } from "./presence.ts";
import { createTracker, type StageTracker } from "./tracking.ts";
import type { Work } from "./work.ts";

type StageContext = ProcessContext<ProcessSettings & KafkaSettings & TopicSettings & ConsumerSettings & RedisSettings>;

/** A client, and a producer that is connected. */
export interface StageKafka extends AsyncDisposable {
  kafka: Kafka;
  producer: RecordProducer;
}

/** Finds or creates the pipeline's topics, and connects a producer. Waits for the brokers. */
export async function openStageKafka(
  stage: Stage,
  { config, log, instance, patience }: StageContext,
): Promise<StageKafka> {
  const kafka = createKafka(config, `${stage}-${instance}`, log);
  await ensurePipelineTopics(kafka, config, patience);
  const producer = await connectProducer(kafka, patience);
  return { kafka, producer, [Symbol.asyncDispose]: () => producer[Symbol.asyncDispose]() };
}

/** The state that a stage keeps in Redis; without Redis it works on, untracked. */
export interface Tracking extends AsyncDisposable {
  redis: Redis;
  tracker: StageTracker;
  attempts: Attempts;
  deadLetters: DeadLetters;
}

export async function openTracking(stage: Stage, context: StageContext, { producer }: StageKafka): Promise<Tracking> {
  const { config, log, patience } = context;
  const redis = openRedis(config, patience);
  await firstConnection(redis, config);
  const tracker = createTracker(redis, config, log);
  return {
    redis,
    tracker,
    attempts: createAttempts(redis, config.REDIS_KEY_PREFIX),
    deadLetters: createDeadLetters(stage, config.DEAD_LETTERS_TOPIC, config.KAFKA_RECORD_MAX_BYTES, {
      producer,
      tracker,
      log,
    }),
    async [Symbol.asyncDispose]() {
      await tracker.flush();
      redis.disconnect();
    },
  };
}

export interface StageRun {
  /** Takes the records of each topic over. */
  topics: ReadonlyMap<string, (received: Received) => void>;
  /** Records delivered and not done; at these limits fetching waits. */
  inFlightMax: number;
  inFlightMaxBytes: number;
  /** Counts the messages that are done. */
  done: Work;
  /** Measured besides the operations of the log. */
  latencies?: Record<string, Latency>;
}

/**
 * Runs a stage until the process is asked to stop; then takes no more records, lets those in flight end, and commits.
 * The process is ready from here on, and reports its state to Redis.
 */
export async function runStage(
  stage: Stage,
  context: StageContext,
  { kafka }: StageKafka,
  { redis, attempts, deadLetters }: Tracking,
  { topics, done, latencies = {}, ...limits }: StageRun,
): Promise<void> {
  const { config, log, health, metrics, stop, patience } = context;
  const options = {
    groupId: `${config.KAFKA_GROUP_PREFIX}-${stage}`,
    topics: [...topics.keys()],
    accept: (received: Received) => topics.get(received.topic)?.(received),
    settings: config,
    attempts,
    ...limits,
  };
  await using consumption = await consume(kafka, options, patience);
  exposeIdentity(metrics, config);
  exposeWork(metrics, done);
  exposeStage(metrics, { operations: log.operations, consumption, deadLetters }, config.SLOW_OPERATION_MS);
  health.started();
  log.record("process.ready", "ok");
  await using _presence = announcePresence(redis, stage, context, () => ({
    messages: done.messages,
    deadLettered: Object.values(deadLetters.counts).reduce((sum, count) => sum + count, 0),
    inFlight: consumption.inFlight,
    lastActivityAt: consumption.lastReceivedAt,
    latencies: { ...log.operations.summaries(), ...summariesOf(latencies) },
    slow: log.operations.slowerThan(config.SLOW_OPERATION_MS),
  }));
  await aborted(stop);
  await consumption.drain(patience.hardStop);
}

function summariesOf(latencies: Record<string, Latency>): Record<string, LatencySummary> {
  return Object.fromEntries(Object.entries(latencies).map(([name, { summary }]) => [name, summary]));
}
