import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import { makeCertificates } from "@millrace/stack";
import type { Kafka } from "kafkajs";
import { afterAll, expect } from "vitest";
import { z } from "zod";
import {
  type ConsumeOptions,
  type Consumption,
  connectProducer,
  consume,
  createAttempts,
  createKafka,
  ensureTopics,
  Health,
  Log,
  openRedis,
  type Patience,
  type Received,
  readConfiguration,
} from "../src/index.ts";
import { consumerSettings, kafkaSettings, processSettings, redisSettings } from "../src/settings.ts";

/** Nothing listens there: the port is reserved (tcpmux). */
export const CLOSED_PORT = 1;

/** An authority of the test file's own; `directory` has its key, as `ca.key`, and goes with the file. */
export async function openCertificates() {
  const directory = await mkdtemp(join(tmpdir(), "millrace-certificates-"));
  afterAll(() => rm(directory, { recursive: true }));
  return { directory, ...(await makeCertificates(directory)) };
}

export function uniqueName(kind: string): string {
  return `${kind}-${randomBytes(6).toString("hex")}`;
}

const schema = z.object({ ...processSettings, ...kafkaSettings, ...consumerSettings, ...redisSettings });

/**
 * The stack's services, keys of its own, and times short enough for a test; but a session that a busy machine does not end:
 * each member that is thrown out has its records delivered again.
 */
export const config = readConfiguration(schema, {
  ...process.env,
  KAFKA_SESSION_TIMEOUT_MS: "10000",
  KAFKA_COMMIT_INTERVAL_MS: "20",
  KAFKA_STALL_TIMEOUT_MS: "10000",
  REDIS_KEY_PREFIX: uniqueName("test"),
  TRACKING_TTL_S: "600",
  PRESENCE_INTERVAL_MS: "100",
});

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
    backoff: { initialMs: 50, maxMs: 500 },
    hardStop,
    lines: () => written.map((line) => JSON.parse(line)),
  };
}

export const kafka = createKafka(config, "test", testPatience().log);
export const redis = openRedis(config, testPatience());

export async function createTopic(partitions: number, topic = uniqueName("topic")): Promise<string> {
  await ensureTopics(kafka, [{ topic, partitions }], 1, testPatience());
  return topic;
}

/** What the group committed of a topic, by partition; `-1` where it committed nothing. */
export async function committedOffsets(groupId: string, topic: string): Promise<number[]> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    const [fetched] = await admin.fetchOffsets({ groupId, topics: [topic] });
    const sorted = (fetched?.partitions ?? []).toSorted((left, right) => left.partition - right.partition);
    return sorted.map(({ offset }) => Number(offset));
  } finally {
    await admin.disconnect();
  }
}

export interface TestConsumption extends AsyncDisposable {
  /** Everything that was delivered, in its order. */
  received: Received[];
  consumption: Consumption;
  patience: TestPatience;
}

/** A consumer that collects what it is given and marks nothing done. */
export async function collect(
  groupId: string,
  topic: string,
  options: Partial<ConsumeOptions> = {},
  client: Kafka = kafka,
  patience = testPatience(),
): Promise<TestConsumption> {
  const received: Received[] = [];
  const attempts = createAttempts(redis, config.REDIS_KEY_PREFIX);
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

export function eventually<Value>(value: () => Value, timeoutMs = 20_000) {
  return expect.poll(value, { interval: 20, timeout: timeoutMs });
}

/** Writes as many records to each of the partitions of a topic. */
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

/** kafkajs 2.2.4 is known for them on Node 24; none may come in the whole test file. */
export function expectNoTimeoutWarnings(): void {
  const warnings: string[] = [];
  const note = ({ name, message }: Error): number => warnings.push(`${name}: ${message}`);
  process.on("warning", note);
  afterAll(() => {
    process.off("warning", note);
    expect(warnings.filter((warning) => warning.includes("Timeout"))).toEqual([]);
  });
}
