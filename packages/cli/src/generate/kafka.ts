import { checkIdentity, schemaRegistrySettings } from "@millrace/connections";
import {
  createEventEncoder,
  createEventProducer,
  type Event,
  type EventEncoder,
  openSchemaRegistry,
  type Published,
} from "@millrace/events";
import { eventSettings } from "@millrace/events/settings";
import { createKafka, createTopicReader, kafkaSettings, topicSettings, tryEnsureTopics } from "@millrace/kafka";
import { Health, Log, type Patience, readConfiguration } from "@millrace/shared";
import { z } from "zod";
import { CommandError } from "../errors.ts";
import { ask } from "../services.ts";
import { topicRanges } from "../topic-ranges.ts";
import type { Sent, Target } from "./target.ts";

const settings = z.object({ ...kafkaSettings, ...topicSettings, ...schemaRegistrySettings, ...eventSettings });

/**
 * Writes straight to the topic, as the api would; invalid events as plain JSON, which consumers of the topic must
 * handle. Rejects if the brokers are unreachable or refuse the topics, and if nothing of the first batch arrives: what
 * never worked is not worth waiting for. Later failures are retried as the api does, and then counted.
 */
export async function kafkaTarget(topic: string, stop: AbortSignal): Promise<Target> {
  const config = readConfiguration(settings.superRefine(checkIdentity), process.env);
  const log = new Log("generate", { level: "silent" });
  const patience: Patience = { log, health: new Health(), backoff: { initialMs: 100, maxMs: 1_000 }, hardStop: stop };
  const kafka = createKafka(config, "millrace-generate", log);
  const { SCHEMA_REGISTRY_URL, KAFKA_TOPIC_PARTITIONS: partitions } = config;
  const registry =
    SCHEMA_REGISTRY_URL === undefined ? undefined : openSchemaRegistry({ ...config, SCHEMA_REGISTRY_URL });
  if (config.KAFKA_CREATE_TOPICS) {
    const topics = [topic, config.EVENTS_DLQ_TOPIC].map((name) => ({ topic: name, partitions }));
    const refusal = await ask("kafka", tryEnsureTopics(kafka, topics, config.KAFKA_REPLICATION_FACTOR));
    if (refusal) throw new CommandError(`${refusal.cause}.`);
  } else {
    await using reader = createTopicReader(kafka);
    await topicRanges(reader, topic);
  }
  const broken = new Set<object>();
  const encoder = bearingBroken(createEventEncoder(config.EVENTS_FORMAT, registry), broken);
  const producer = createEventProducer(kafka, encoder, config, patience);
  let hasWorked = false;
  return {
    async send(batch) {
      for (const { kind, event } of batch) if (kind === "invalid") broken.add(event);
      const published = await producer.publish(
        topic,
        batch.map(({ event }) => event as Event),
      );
      broken.clear();
      const sent = counted(published);
      hasWorked ||= sent.accepted > 0;
      if (!hasWorked && !stop.aborted) throw new CommandError(`No event reaches topic ${topic}: ${sent.cause}.`);
      return sent;
    },
    [Symbol.asyncDispose]: () => producer[Symbol.asyncDispose](),
  };
}

function bearingBroken(encoder: EventEncoder, broken: ReadonlySet<object>): EventEncoder {
  return {
    async prepare(topic) {
      const prepared = await encoder.prepare(topic);
      if ("fault" in prepared) return prepared;
      return {
        value: (event) => (broken.has(event) ? Buffer.from(JSON.stringify(event)) : prepared.value(event)),
      };
    },
  };
}

function counted(published: readonly Published[]): Sent {
  const sent: Sent = { accepted: 0, refused: 0, failed: 0 };
  for (const outcome of published) {
    if (outcome.status === "published") sent.accepted++;
    else {
      sent.failed++;
      sent.cause = outcome.fault.cause;
    }
  }
  return sent;
}
