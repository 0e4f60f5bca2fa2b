import { randomBytes } from "node:crypto";
import type { RedisSettings } from "@millrace/connections";
import {
  type ConsumerSettings,
  consume,
  type Kafka,
  type KafkaSettings,
  type Received,
  type TopicSettings,
} from "@millrace/kafka";
import { noTracing, type ProcessSettings, processMetrics } from "@millrace/shared";
import { testPatience } from "@millrace/testbed";
import type { Stage } from "./presence.ts";
import { openStageKafka, openTracking } from "./stage.ts";

/** Kafka's type number of a topic in its configuration requests. */
const TOPIC_RESOURCE = 2;

/** The settings of every stage; its own configuration has more. */
export type StageConfig = ProcessSettings & KafkaSettings & TopicSettings & ConsumerSettings & RedisSettings;

/** The connections that a stage's `main.ts` opens, and ways to look at the stage's work. */
export async function openEdges<Config extends StageConfig>(stage: Stage, config: Config) {
  const patience = testPatience();
  const { log, health, hardStop } = patience;
  const metrics = processMetrics(log, health);
  const context = { config, log, health, metrics, tracing: noTracing, instance: "test", stop: hardStop, patience };
  const connected = await openStageKafka(stage, context);
  const tracking = await openTracking(stage, context, connected);
  const { kafka } = connected;
  const limits = { inFlightMax: 10_000, inFlightMaxBytes: 100_000_000 };

  const consumption = (groupId: string, topics: readonly string[], accept: (received: Received) => void) =>
    consume(kafka, { groupId, topics, settings: config, attempts: tracking.attempts, accept, ...limits }, patience);
  return {
    config,
    patience,
    ...connected,
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
    committed: (groupId: string, topic: string) => committedOf(kafka, groupId, topic),
    setMaxMessageBytes: (topic: string, bytes: number) => setMaxMessageBytes(kafka, topic, bytes),
    async [Symbol.asyncDispose]() {
      await tracking[Symbol.asyncDispose]();
      await connected[Symbol.asyncDispose]();
    },
  };
}

/** The offsets that a group committed of a topic, summed over its partitions. */
async function committedOf(kafka: Kafka, groupId: string, topic: string): Promise<number> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    const [fetched] = await admin.fetchOffsets({ groupId, topics: [topic] });
    return (fetched?.partitions ?? []).reduce((sum, { offset }) => sum + Math.max(0, Number(offset)), 0);
  } finally {
    await admin.disconnect();
  }
}

async function setMaxMessageBytes(kafka: Kafka, topic: string, bytes: number): Promise<void> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    const configEntries = [{ name: "max.message.bytes", value: String(bytes) }];
    const resource = { type: TOPIC_RESOURCE, name: topic, configEntries };
    await admin.alterConfigs({ validateOnly: false, resources: [resource] });
  } finally {
    await admin.disconnect();
  }
}
