import { connectProducer, ensureTopics, ReadFailed, type RecordProducer } from "@millrace/kafka";
import { isolated } from "@millrace/stack";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openClients } from "../src/clients.ts";
import type { PartitionReport } from "../src/verify/reconcile.ts";
import { verify } from "../src/verify/verify.ts";
import { migrate } from "./demo-log.ts";
import { millrace } from "./millrace.ts";

const suffix = `cli_verify_${process.pid}`;
const environment = { ...process.env, ...isolated(suffix) };
const clients = openClients(environment, "test");
const { kafka, postgres, openSearch, patience } = clients;
const index = clients.config.OPENSEARCH_INDEX;
const schema = clients.config.POSTGRES_SCHEMA;
const admin = kafka.admin();
let producer: RecordProducer;

beforeAll(async () => {
  await admin.connect();
  producer = await connectProducer(kafka, patience);
  await migrate(clients);
  const properties = { topic: { type: "keyword" }, partition: { type: "integer" }, offset: { type: "long" } } as const;
  await openSearch.indices.create({ index, body: { mappings: { properties } } });
});

afterAll(async () => {
  await postgres.query(`DROP SCHEMA ${schema} CASCADE`);
  await openSearch.indices.delete({ index });
  await producer[Symbol.asyncDispose]();
  await admin.disconnect();
  await clients[Symbol.asyncDispose]();
});

let topics = 0;
async function newTopic(partitions: number): Promise<string> {
  const topic = `${suffix}_${topics++}`;
  await ensureTopics(kafka, [{ topic, partitions }], 1, patience);
  return topic;
}

async function publish(topic: string, partition: number, count: number): Promise<void> {
  await producer.send(
    topic,
    Array.from({ length: count }, () => ({ value: Buffer.from("text"), partition })),
  );
}

async function writeRows(topic: string, partition: number, offsets: readonly number[], documentId?: string) {
  await postgres.query(
    `INSERT INTO demo_log (kafka_topic, kafka_partition, kafka_offset, message_content, log_level, opensearch_doc_id)
     SELECT $1, $2, each, 'text', 'INFO', coalesce($4, each::text) FROM unnest($3::bigint[]) AS each`,
    [topic, partition, offsets, documentId ?? null],
  );
}

async function writeDocuments(topic: string, partition: number, offsets: readonly number[], documentId?: string) {
  for (const offset of offsets) {
    const id = documentId ?? `${topic}-${partition}-${offset}`;
    await openSearch.index({ index, id, body: { topic, partition, offset } });
  }
}

/** What the pipeline does with messages. */
async function complete(topic: string, partition: number, offsets: readonly number[]): Promise<void> {
  await writeDocuments(topic, partition, offsets);
  await writeRows(topic, partition, offsets);
}

const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, place) => from + place);

/** @param meanwhile runs after the bounds are set and before the first partition is verified */
async function verified(topic: string, meanwhile: () => Promise<unknown> = async () => undefined, byKey = false) {
  const documentId = byKey ? "key" : "offset";
  const onPartition = (partition: number) => (partition === 0 ? meanwhile() : undefined);
  return summary(await verify(clients, { topic, documentId, onPartition }));
}

function summary(reports: readonly PartitionReport[]) {
  return reports.map(({ messages, complete, findings }) => ({ messages, complete, ...Object.fromEntries(findings) }));
}

test("messages published and stored during the verification do not count", async () => {
  const topic = await newTopic(2);
  for (const partition of [0, 1]) {
    await publish(topic, partition, 20);
    await complete(topic, partition, numbers(0, 20));
  }
  const meanwhile = async () => {
    for (const partition of [0, 1]) {
      await publish(topic, partition, 5);
      await complete(topic, partition, numbers(20, 23));
      await writeRows(topic, partition, [23]);
      await writeDocuments(topic, partition, [24]);
    }
  };
  const whole = { messages: 20, complete: 20 };
  expect(await verified(topic, meanwhile)).toEqual([whole, whole]);
});

test("everything beyond the topic's end is orphaned", async () => {
  const topic = await newTopic(1);
  await publish(topic, 0, 3);
  await complete(topic, 0, numbers(0, 3));
  await writeRows(topic, 0, [70]);
  await writeDocuments(topic, 0, [3, 80]);
  expect(await verified(topic)).toEqual([
    { messages: 3, complete: 3, "orphaned row": [70], "orphaned document": [3, 80] },
  ]);
});

test("a message with several documents is doubled, once however many there are", async () => {
  const topic = await newTopic(1);
  await publish(topic, 0, 5);
  await complete(topic, 0, numbers(0, 5));
  await writeDocuments(topic, 0, [1], `${topic} again`);
  await writeDocuments(topic, 0, [3], `${topic} a second time`);
  await writeDocuments(topic, 0, [3], `${topic} a third time`);
  expect(await verified(topic)).toEqual([{ messages: 5, complete: 3, "doubled document": [1, 3] }]);
});

test("an offset without row and document is missing if the source has a message, and a hole otherwise", async () => {
  const topic = await newTopic(1);
  await publish(topic, 0, 4);
  const transactional = kafka.producer({ transactionalId: suffix, maxInFlightRequests: 1 });
  await transactional.connect();
  const transaction = await transactional.transaction();
  await transaction.send({ topic, messages: [{ value: "text" }] });
  await transaction.commit();
  await transactional.disconnect();
  // The broker writes the marker soon after its response.
  await expect.poll(async () => (await admin.fetchTopicOffsets(topic))[0]?.high, { timeout: 10_000 }).toBe("6");
  await publish(topic, 0, 1);
  await complete(topic, 0, [0, 2, 3, 6]);
  expect(await verified(topic)).toEqual([{ messages: 6, complete: 4, "missing row": [1, 4] }]);
});

test("messages that retention removes before they are read are no holes", async () => {
  const topic = await newTopic(1);
  await publish(topic, 0, 10);
  await complete(topic, 0, numbers(5, 10));
  // kafkajs finds the leaders only of topics that it has asked about before.
  await admin.fetchTopicOffsets(topic);
  const meanwhile = () => admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: "3" }] });
  await expect(verified(topic, meanwhile)).rejects.toBeInstanceOf(ReadFailed);
});

test("with documents by key, one that a later message replaced meanwhile is not missing", async () => {
  const topic = await newTopic(1);
  await publish(topic, 0, 3);
  await writeRows(topic, 0, [0, 1], "replaced");
  await writeDocuments(topic, 0, [1], "replaced");
  await writeRows(topic, 0, [2], "lost");
  // Its row is written after its document.
  const meanwhile = async () => {
    await publish(topic, 0, 1);
    await writeDocuments(topic, 0, [3], "replaced");
  };
  expect(await verified(topic, meanwhile, true)).toEqual([{ messages: 3, complete: 2, "missing document": [2] }]);
});

test.each([
  ["--wait", "abc"],
  ["--wait", "-1"],
  ["--from", "yesterday"],
])("%s %s is refused", async (...parameters) => {
  const { code, stderr } = await millrace(["verify", ...parameters], suffix).finished;
  expect(stderr).toContain("Not a ");
  expect(code).toBe(1);
});

test("a topic that does not exist is reported in one sentence", async () => {
  const { code, stderr } = await millrace(["verify", "--topic", "nowhere"], suffix).finished;
  expect(stderr).toBe("Topic nowhere does not exist: name an existing one with --topic.\n");
  expect(code).toBe(1);
});
