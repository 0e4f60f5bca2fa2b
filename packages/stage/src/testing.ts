import { randomBytes } from "node:crypto";
import type { RedisSettings } from "@millrace/connections";
import { type ConsumerSettings, consume, type KafkaSettings, type Received, type TopicSettings } from "@millrace/kafka";
import { noTracing, type ProcessSettings, processMetrics } from "@millrace/shared";
import { testPatience } from "@millrace/testbed";
import type { Stage } from "./presence.ts";
import { openStageKafka, openTracking } from "./stage.ts";

/** Kafka's number for what a configuration is of. */
const TOPIC_RESOURCE = 2;

/** What every stage is told; its own configuration has more. */
export type StageConfig = ProcessSettings & KafkaSettings & TopicSettings & ConsumerSettings & RedisSettings;

/** What the stage's `main.ts` opens, and ways to look at what it did. */
export async function openEdges<Config extends StageConfig>(stage: Stage, config: Config) {
  const patience = testPatience();
  const { log, health, hardStop } = patience;
  const context = {
    config,
    log,
    health,
    metrics: processMetrics(log, health),
    tracing: noTracing,
    instance: "test",
    stop: hardStop,
    patience,
  };
  const messages = await openStageKafka(stage, context);
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
