import { openOpenSearch } from "@millrace/opensearch";
import { openPostgres } from "@millrace/postgres";
import { deadLetterHeaders, encodeBatch, encodeVectors, messageId, noTracing } from "@millrace/shared";
import { expect, test } from "vitest";
import { DeadLettersConsumer } from "../src/dead-letters-consumer.ts";
import { documentIds } from "../src/document-id.ts";
import { OpenSearchIndex } from "../src/opensearch/search-index.ts";
import { PostgresAuditLog } from "../src/postgres/audit-log.ts";
import { migrate } from "../src/postgres/migrate.ts";
import type { EmbeddedMessage } from "../src/sink.ts";
import { createVectorsStage } from "../src/vectors-stage.ts";
import { documents, floatsOf, withText } from "./documents.ts";
import { eventually, openEdges, testConfig } from "./support.ts";

/** The stage over real services, as `main.ts` wires it. */
async function run() {
  const config = testConfig();
  const edges = await openEdges(config);
  const { patience, deadLetters, tracker, attempts } = edges;
  const postgres = openPostgres(config, patience);
  await migrate(postgres, config.POSTGRES_SCHEMA);
  const client = openOpenSearch(config, patience);
  const index = new OpenSearchIndex(client, config, patience.log);
  const audit = new PostgresAuditLog(postgres, config.OPENSEARCH_INDEX, documentIds.offset);
  const vectors = createVectorsStage(
    { index, audit, deadLetters, tracker, tracing: noTracing, attempts, log: patience.log, patience },
    config,
  );
  const refused = new DeadLettersConsumer((letters, signal) => audit.recordRefused(letters, signal), patience);
  const groupId = `${config.KAFKA_GROUP_PREFIX}-sink`;
  const topics = [config.VECTORS_TOPIC, config.DEAD_LETTERS_TOPIC];
  return {
    ...edges,
    client,
    vectors,
    refused,
    start: () =>
      edges.consumption(groupId, topics, (received) =>
        (received.topic === config.VECTORS_TOPIC ? vectors : refused).accept(received),
      ),
    publish: (batch: readonly EmbeddedMessage[]) =>
      edges.producer.send(config.VECTORS_TOPIC, [{ value: vectorsRecord(batch) }]),
    rows: async () =>
      (await postgres.query("SELECT * FROM demo_log ORDER BY kafka_topic, kafka_partition, kafka_offset")).rows,
    committedOf: (topic: string) => edges.committed(groupId, topic),
    async documentIds() {
      await client.indices.refresh({ index: config.OPENSEARCH_INDEX });
      const { body } = await client.search({ index: config.OPENSEARCH_INDEX, body: { size: 1_000 } });
      return body.hits.hits.map(({ _id }) => String(_id)).toSorted();
    },
    async [Symbol.asyncDispose]() {
      await edges[Symbol.asyncDispose]();
      await postgres.end();
      await client.close();
    },
  };
}

function vectorsRecord(batch: readonly EmbeddedMessage[]): Buffer {
  const vectors = floatsOf(Buffer.concat(batch.map(({ vector }) => vector)));
  return encodeVectors("test-model", batch[0]?.dimensions ?? 0, encodeBatch(batch), vectors);
}

test("each batch is indexed, recorded, marked stored and committed; what comes again changes nothing", async () => {
  await using stage = await run();
  const batch = documents(20, { topic: "orders" });
  await stage.publish(batch.slice(0, 12));
  await stage.publish(batch.slice(12));
  await using _consumption = await stage.start();
  await eventually(() => stage.committedOf(stage.config.VECTORS_TOPIC)).toBe(2);
  const rows = await stage.rows();
  expect(rows.map(({ opensearch_doc_id }) => opensearch_doc_id)).toEqual(batch.map(messageId));
  expect(rows.every(({ log_level }) => log_level === "INFO")).toBe(true);
  expect(await stage.documentIds()).toEqual(batch.map(messageId).toSorted());
  expect(stage.vectors.done.messages).toBe(20);
  await stage.tracker.flush();
  expect(Object.keys((await stage.tracker.progress({ topic: "orders", partition: 3, offset: 19 })) ?? {})).toEqual([
    "stored",
  ]);
  const stored = stage.patience.lines().filter(({ action }) => action === "sink.batch");
  const endToEnd = stored.flatMap(({ details }) => Object.values(details?.endToEndMs ?? {}));
  expect(endToEnd.reduce((sum, count) => sum + count, 0)).toBe(20);

  await stage.publish(batch.slice(5, 15));
  await eventually(() => stage.committedOf(stage.config.VECTORS_TOPIC)).toBe(3);
  expect(await stage.rows()).toEqual(rows);
  expect(await stage.documentIds()).toHaveLength(20);
});

test("batches that wait are stored together, but for one whose vectors the index does not take", async () => {
  await using stage = await run();
  const all = documents(60, { topic: "orders" });
  const other = documents(2, { topic: "others", dimensions: 6 });
  const small = Array.from({ length: 20 }, (_, at) => all.slice(3 * at, 3 * at + 3));
  const done = new Set<number>();
  const accept = (batch: readonly EmbeddedMessage[], offset: number) => {
    const record = { topic: stage.config.VECTORS_TOPIC, partition: 0, offset, timestampMs: 0, key: null, headers: [] };
    const value = vectorsRecord(batch);
    stage.vectors.accept({ ...record, value, attempts: 1, revoked: false, done: () => void done.add(offset) });
  };
  const batches = [...small.slice(0, 9), other, ...small.slice(9)];
  for (const [at, batch] of batches.entries()) {
    accept(batch, at);
    // The first creates the index.
    if (at === 0) await eventually(() => done.size).toBe(1);
  }
  await eventually(() => done.size).toBe(20);
  expect(done).not.toContain(9);
  expect((await stage.rows()).map(({ opensearch_doc_id }) => opensearch_doc_id)).toEqual(all.map(messageId));
  const stored = stage.patience.lines().filter(({ action }) => action === "sink.batch");
  expect(stored.map(({ details }) => details?.messages)).toEqual([3, 24, 33]);
  expect(stage.deadLetters.counts).toMatchObject({ rejected: 0 });

  await stage.client.indices.delete({ index: stage.config.OPENSEARCH_INDEX });
  await eventually(() => done.size).toBe(21);
  expect(await stage.documentIds()).toEqual(other.map(messageId));
});

test("a rejected document is dead-lettered alone, and has its ERROR row beside the others' INFO rows", async () => {
  await using stage = await run();
  const vector = { type: "knn_vector", dimension: 4, method: { name: "hnsw", engine: "lucene" } } as const;
  await stage.client.indices.create({
    index: stage.config.OPENSEARCH_INDEX,
    body: { settings: { index: { knn: true } }, mappings: { properties: { vector, text: { type: "integer" } } } },
  });
  const batch = documents(5).map((document, at) => withText(document, at === 3 ? "no number" : String(at)));
  await stage.publish(batch);
  await using _consumption = await stage.start();
  await eventually(async () => (await stage.rows()).map(({ log_level }) => log_level)).toEqual([
    "INFO",
    "INFO",
    "INFO",
    "ERROR",
    "INFO",
  ]);
  const [, , , refused] = await stage.rows();
  expect(refused).toMatchObject({ kafka_offset: "3", message_content: "no number", error_code: "rejected" });
  expect(refused.error_cause).toContain("text");
  expect(await stage.documentIds()).toEqual(["messages-3-0", "messages-3-1", "messages-3-2", "messages-3-4"]);
  await eventually(() => stage.committedOf(stage.config.VECTORS_TOPIC)).toBe(1);
  await eventually(() => stage.committedOf(stage.config.DEAD_LETTERS_TOPIC)).toBe(1);
  expect(stage.deadLetters.counts).toMatchObject({ rejected: 1, undecodable: 0 });
});

test("a record that is no vectors record ends as an ERROR row of its own, and those after it are stored", async () => {
  await using stage = await run();
  const whole = vectorsRecord(documents(2));
  for (const value of [Buffer.from("garbage"), null, whole.subarray(0, whole.length - 3)]) {
    await stage.producer.send(stage.config.VECTORS_TOPIC, [{ value, partition: 0 }]);
  }
  await stage.producer.send(stage.config.VECTORS_TOPIC, [{ value: whole, partition: 0 }]);
  await using _consumption = await stage.start();
  await eventually(async () => (await stage.rows()).length).toBe(5);
  const errors = (await stage.rows()).filter(({ log_level }) => log_level === "ERROR");
  expect(errors.map(({ kafka_topic, kafka_offset }) => [kafka_topic, kafka_offset])).toEqual(
    ["0", "1", "2"].map((offset) => [stage.config.VECTORS_TOPIC, offset]),
  );
  expect(errors.every(({ error_code }) => error_code === "undecodable")).toBe(true);
  await eventually(() => stage.committedOf(stage.config.VECTORS_TOPIC)).toBe(4);
});

test("dead letters of every stage become ERROR rows; records without dead-letter headers are skipped", async () => {
  await using stage = await run();
  const letters = Array.from({ length: 30 }, (_, offset) => {
    const value = offset === 0 ? null : Buffer.from(`refused ${offset}`);
    const headers = deadLetterHeaders({
      origin: { topic: "orders", partition: 1, offset, timestampMs: 5 },
      key: null,
      value,
      headers: [["original", Buffer.from("x")]],
      fault: { kind: "poison", code: "too_long", cause: `too long: ${offset}` },
      stage: "ingest",
      attempts: 1,
      failedAt: new Date().toISOString(),
    });
    return { value, headers };
  });
  await stage.producer.send(stage.config.DEAD_LETTERS_TOPIC, [
    { value: Buffer.from("somebody else's") },
    ...letters,
    ...letters.slice(0, 3),
  ]);
  await using _consumption = await stage.start();
  await eventually(() => stage.committedOf(stage.config.DEAD_LETTERS_TOPIC)).toBe(34);
  const rows = await stage.rows();
  expect(rows).toHaveLength(30);
  expect(rows[7]).toMatchObject({
    kafka_topic: "orders",
    kafka_partition: 1,
    kafka_offset: "7",
    message_content: "refused 7",
    log_level: "ERROR",
    error_code: "too_long",
    error_cause: "too long: 7",
  });
  expect(rows[0]?.message_content).toBeNull();
  expect(stage.patience.lines().filter(({ status }) => status === "failed")).toMatchObject([
    { action: "sink.dead_letters", details: { cause: expect.stringContaining("without dead-letter headers") } },
  ]);
});
