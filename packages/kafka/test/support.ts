import { readConfiguration } from "@millrace/shared";
import { type TestPatience, testEnvironment, testPatience, uniqueName } from "@millrace/testbed";
import type { Admin, Kafka } from "kafkajs";
import { afterAll } from "vitest";
import { z } from "zod";
import { KafkaAdmin } from "../src/admin.ts";
import { createKafka } from "../src/client.ts";
import { type Consumption, consume } from "../src/consume.ts";
import type { ConsumeOptions } from "../src/consume-options.ts";
import { connectProducer } from "../src/produce.ts";
import type { Received } from "../src/received.ts";
import { consumerSettings, kafkaSettings } from "../src/settings.ts";
import { ensureTopics } from "../src/topics.ts";

const schema = z.object({ ...kafkaSettings, ...consumerSettings });

export const config = readConfiguration(schema, testEnvironment());

export const kafka = createKafka(config, "test", testPatience().log);

/** Counts attempts in memory; a process keeps them in Redis. */
export const attempts = (() => {
  const counts = new Map<string, number>();
  const keyOf = (scope: string, record: { topic: string; partition: number; offset: number }) =>
    `${scope}:${record.topic}-${record.partition}-${record.offset}`;
  return {
    async begin(scope: string, record: { topic: string; partition: number; offset: number }): Promise<number> {
      const count = (counts.get(keyOf(scope, record)) ?? 0) + 1;
      counts.set(keyOf(scope, record), count);
      return count;
    },
    keep(): void {},
    end(scope: string, record: { topic: string; partition: number; offset: number }): void {
      counts.delete(keyOf(scope, record));
    },
    async endAll(): Promise<void> {},
  };
})();

/** Retries while the broker learns of a topic that was just created. */
export async function withAdmin<Value>(client: Kafka, use: (admin: Admin) => Promise<Value>): Promise<Value> {
  await using admin = new KafkaAdmin(client);
  return await admin.use(use);
}

export async function createTopic(partitions: number, topic = uniqueName("topic")): Promise<string> {
  await ensureTopics(kafka, [{ topic, partitions }], 1, testPatience());
  return topic;
}

/** The committed offsets of a topic, by partition; `-1` without a commit. */
export async function committedOffsets(groupId: string, topic: string): Promise<number[]> {
  const [fetched] = await withAdmin(kafka, (admin) => admin.fetchOffsets({ groupId, topics: [topic] }));
  const sorted = (fetched?.partitions ?? []).toSorted((left, right) => left.partition - right.partition);
  return sorted.map(({ offset }) => Number(offset));
}

export interface TestConsumption extends AsyncDisposable {
  /** All delivered records, in order. */
  received: Received[];
  consumption: Consumption;
  patience: TestPatience;
}

/** A consumer that collects records and marks none done. */
export async function collect(
  groupId: string,
  topic: string,
  options: Partial<ConsumeOptions> = {},
  client: Kafka = kafka,
  patience = testPatience(),
): Promise<TestConsumption> {
  const received: Received[] = [];
  const limits = { inFlightMax: 10_000, inFlightMaxBytes: 10_000_000 };
  const accept = (record: Received): void => {
    received.push(record);
  };
  const consumption = await consume(
    client,
    { groupId, topics: [topic], ...limits, settings: config, attempts, accept, ...options },
    patience,
  );
  return { received, consumption, patience, [Symbol.asyncDispose]: () => consumption[Symbol.asyncDispose]() };
}

/** Writes `count` records to each partition of a topic. */
export async function openWriter() {
  const producer = await connectProducer(kafka, testPatience());
  afterAll(() => producer[Symbol.asyncDispose]());
  return async (topic: string, partitions: number, count: number, valueBytes = 8): Promise<void> => {
    const records = Array.from({ length: partitions * count }, (_, index) => ({
      value: Buffer.alloc(valueBytes, index),
      partition: index % partitions,
    }));
    await producer.send(topic, records);
  };
}

export function offsetsOf(received: readonly Received[], partition = 0): number[] {
  return received.filter((record) => record.partition === partition).map(({ offset }) => offset);
}

export function finish(received: readonly Received[], partition: number, ...offsets: number[]): void {
  for (const record of received) {
    if (record.partition === partition && offsets.includes(record.offset)) record.done();
  }
}
