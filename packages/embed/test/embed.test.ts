import { setTimeout as sleep } from "node:timers/promises";
import type { RecordProducer } from "@millrace/kafka";
import { decodeVectors, encodeBatch, type Message, noTracing, parseDeadLetter } from "@millrace/shared";
import { afterAll, expect, test } from "vitest";
import { admitTo } from "../src/admission.ts";
import { requestLimits } from "../src/config.ts";
import { createEmbedStage } from "../src/embed.ts";
import { plainEmbedder } from "../src/embedder.ts";
import { openPool } from "../src/local/pool.ts";
import { createLocalProvider } from "../src/local/provider.ts";
import { createOpenAIProvider } from "../src/openai/provider.ts";
import type { EmbeddingProvider } from "../src/provider.ts";
import { sendJson, serveEmbeddings, wellBehaved } from "./embeddings-server.ts";
import { messagesOf } from "./messages.ts";
import { embedded } from "./provider.contract.ts";
import { eventually, openEdges, testConfig } from "./support.ts";

const localPool = openPool(1);
afterAll(() => localPool[Symbol.asyncDispose]());
const local = createLocalProvider();

interface RunOptions {
  overrides?: Record<string, string>;
  provider?: EmbeddingProvider;
  slowed?: (producer: RecordProducer) => RecordProducer;
}

/** The stage over real topics, as `main.ts` wires it. */
async function run({ overrides = {}, provider = localPool, slowed = (producer) => producer }: RunOptions = {}) {
  const edges = await openEdges(testConfig(overrides));
  const { config, patience, deadLetters, tracker, attempts } = edges;
  const groupId = `${config.KAFKA_GROUP_PREFIX}-embed`;
  const producer = slowed(edges.producer);
  const embed = createEmbedStage(config, {
    embedder: plainEmbedder(admitTo(provider, config.EMBED_CONCURRENCY, requestLimits(config), patience)),
    attempts,
    tracing: noTracing,
    producer,
    deadLetters,
    tracker,
    log: patience.log,
  });
  const vectors = await edges.read(config.VECTORS_TOPIC);
  const letters = await edges.read(config.DEAD_LETTERS_TOPIC);
  const consumption = await edges.consumption(groupId, [config.BATCHES_TOPIC], (received) => embed.accept(received));
  return {
    ...edges,
    embed,
    consumption,
    publish: (...values: (Buffer | null)[]) =>
      edges.producer.send(
        config.BATCHES_TOPIC,
        values.map((value) => ({ value, partition: 0 })),
      ),
    records: vectors.received,
    batches: () => vectors.received.map(({ value }) => decodeVectors(value ?? Buffer.alloc(0))),
    letters: () => letters.received.map(({ key, value, headers }) => parseDeadLetter(key, value, headers)),
    committedBatches: () => edges.committed(groupId, config.BATCHES_TOPIC),
    async [Symbol.asyncDispose]() {
      await Promise.all([consumption, vectors, letters].map((each) => each[Symbol.asyncDispose]()));
      await edges[Symbol.asyncDispose]();
    },
  };
}

function remote(url: string): EmbeddingProvider {
  return createOpenAIProvider({ provider: "openai", apiKey: "key", baseUrl: url, model: "m", timeoutMs: 20_000 });
}

async function vectorsOf(messages: readonly Message[]): Promise<Buffer> {
  const texts = messages.map(({ text }) => text.toString());
  const { vectors } = await embedded(local, texts);
  return Buffer.from(vectors.buffer, vectors.byteOffset, vectors.byteLength);
}

test("a batch goes on with the same messages and a vector for each, and is committed", async () => {
  await using stage = await run();
  const messages = messagesOf(["lost card", "refund please", "Wo ist meine Karte? 😀"], { topic: "orders" });
  const fromJson = messagesOf(["the text"], { topic: "orders", offset: 9, value: Buffer.from('{"text":"the text"}') });
  await stage.publish(encodeBatch(messages), encodeBatch(fromJson));
  await eventually(() => stage.batches().length).toBe(2);
  const [first, second] = stage.batches().toSorted((left, right) => right.messages.length - left.messages.length);
  expect(first).toMatchObject({ model: "static-minilm-l6-256", dimensions: 256 });
  expect(first?.messages).toEqual(messages);
  expect(first?.vectors).toEqual(await vectorsOf(messages));
  expect(second?.messages).toEqual(fromJson);
  await eventually(() => stage.committedBatches()).toBe(2);
  expect(stage.embed.done.messages).toBe(4);
  await stage.tracker.flush();
  const progress = await stage.tracker.progress({ topic: "orders", partition: 0, offset: 2 });
  expect(Object.keys(progress ?? {})).toEqual(["embedded"]);
});

test("a batch whose vectors make it too large goes on in several records, none of them too large", async () => {
  // In one partition, where what is sent together is one batch.
  await using stage = await run({ overrides: { KAFKA_RECORD_MAX_BYTES: "65536", KAFKA_TOPIC_PARTITIONS: "1" } });
  const messages = messagesOf(
    Array.from({ length: 200 }, (_, index) => `text ${index} ${"of some length ".repeat(4)}`),
  );
  await stage.publish(encodeBatch(messages));
  await eventually(() => stage.batches().flatMap((batch) => batch.messages).length).toBe(200);
  for (const { value } of stage.records) expect(value?.length).toBeLessThanOrEqual(65_536 + 100);
  // 200 vectors have 204,800 bytes: quarters are the largest parts that fit.
  expect(stage.batches().map((batch) => batch.messages.length)).toEqual([50, 50, 50, 50]);
  expect(stage.batches().flatMap((batch) => batch.messages)).toEqual(messages);
  for (const batch of stage.batches()) expect(batch.vectors).toEqual(await vectorsOf(batch.messages));
});

test("a topic that takes less than it should gets smaller records, and what is too large alone is dead-lettered", async () => {
  await using stage = await run();
  await stage.setMaxMessageBytes(stage.config.VECTORS_TOPIC, 20_000);
  const texts = Array.from({ length: 30 }, (_, index) => (index === 4 ? "too long ".repeat(2_300) : `text ${index}`));
  const messages = messagesOf(texts);
  await stage.publish(encodeBatch(messages));
  await eventually(() => stage.letters().length).toBe(1);
  expect(stage.letters()[0]).toMatchObject({ origin: { offset: 4 }, fault: { kind: "poison", code: "too_long" } });
  const offsets = () => stage.batches().flatMap((batch) => batch.messages.map(({ offset }) => offset));
  await eventually(() => offsets().toSorted((left, right) => left - right)).toEqual(
    messages.map(({ offset }) => offset).filter((offset) => offset !== 4),
  );
  for (const batch of stage.batches()) expect(batch.vectors).toEqual(await vectorsOf(batch.messages));
  await eventually(() => stage.committedBatches()).toBe(1);
  expect(stage.embed.done.messages).toBe(29);
});

test("a record that is no batch is dead-lettered, and the batch after it goes on", async () => {
  await using stage = await run();
  const whole = encodeBatch(messagesOf(["lost card"]));
  const broken = [Buffer.from("garbage"), null, whole.subarray(0, whole.length - 1)];
  await stage.publish(...broken, whole);
  await eventually(() => stage.letters().length).toBe(3);
  await eventually(() => stage.batches().length).toBe(1);
  await eventually(() => stage.committedBatches()).toBe(4);
  const letters = stage.letters().toSorted((left, right) => left.origin.offset - right.origin.offset);
  expect(letters.map(({ value }) => value)).toEqual(broken);
  for (const [offset, letter] of letters.entries()) {
    expect(letter).toMatchObject({
      stage: "embed",
      origin: { topic: stage.config.BATCHES_TOPIC, partition: 0, offset },
      fault: { code: "undecodable" },
    });
  }
});

test("a text that cannot be embedded is dead-lettered alone, under its own origin", async () => {
  await using stage = await run();
  const messages = messagesOf(["lost card", "\u200b", "refund"], { topic: "orders" });
  await stage.publish(encodeBatch(messages));
  await eventually(() => stage.letters().length).toBe(1);
  await eventually(() => stage.batches().length).toBe(1);
  const good = messages.filter((_, index) => index !== 1);
  expect(stage.batches()[0]?.messages).toEqual(good);
  expect(stage.batches()[0]?.vectors).toEqual(await vectorsOf(good));
  expect(stage.letters()[0]).toMatchObject({
    origin: { topic: "orders", partition: 0, offset: 1 },
    fault: { code: "invalid" },
    key: messages[1]?.key,
    headers: messages[1]?.headers,
  });
  await eventually(() => stage.committedBatches()).toBe(1);
});

test("messages that delete go through without a vector, between those that have one", async () => {
  await using stage = await run();
  const [first, second, third] = messagesOf(["lost card", "", "refund"]);
  if (!first || !second || !third) throw new Error("three messages");
  const deletion = { ...second, value: null };
  await stage.publish(encodeBatch([first, deletion, third]), encodeBatch([{ ...deletion, offset: 7 }]));
  await eventually(() => stage.batches().length).toBe(2);
  const [mixed, alone] = stage.batches().toSorted((left, right) => right.messages.length - left.messages.length);
  expect(mixed?.messages).toEqual([first, deletion, third]);
  expect(mixed?.vectors).toEqual(await vectorsOf([first, third]));
  expect(alone?.messages).toEqual([{ ...deletion, offset: 7 }]);
  expect(alone?.vectors).toHaveLength(0);
});

test("nothing is committed before Kafka has acknowledged the vectors", async () => {
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  let waiting = 0;
  await using stage = await run({
    slowed: (producer) => ({
      ...producer,
      send: async (topic, records) => {
        waiting++;
        await released;
        return producer.send(topic, records);
      },
    }),
  });
  await stage.publish(encodeBatch(messagesOf(["lost card"])));
  await eventually(() => waiting).toBe(1);
  await sleep(200);
  expect(await stage.committedBatches()).toBe(0);
  release();
  await eventually(() => stage.committedBatches()).toBe(1);
});

test("a provider that is away is waited for, visibly, and nothing is dead-lettered", async () => {
  let failures = 0;
  await using server = await serveEmbeddings((request, response) => {
    if (failures++ < 5) sendJson(response, 503, { error: { message: "overloaded" } });
    else wellBehaved(6)(request, response);
  });
  await using stage = await run({ provider: remote(server.url) });
  await stage.publish(encodeBatch(messagesOf(["lost card", "refund"])));
  await eventually(() => stage.batches().length).toBe(1);
  await eventually(() => stage.committedBatches()).toBe(1);
  expect(stage.letters()).toEqual([]);
  const requests = stage.patience.lines().filter(({ action }) => action === "embed.request");
  expect(requests.map(({ status }) => status)).toEqual([...Array(5).fill("retry"), "ok"]);
  expect(stage.patience.health.dependencies["embedding-provider"]?.state).toBe("working");
});

test("as many requests are in flight as EMBED_CONCURRENCY says, and no more", async () => {
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  let inFlight = 0;
  let most = 0;
  await using server = await serveEmbeddings(async (request, response) => {
    most = Math.max(most, ++inFlight);
    await released;
    inFlight--;
    wellBehaved(6)(request, response);
  });
  await using stage = await run({ provider: remote(server.url), overrides: { EMBED_CONCURRENCY: "4" } });
  await stage.publish(
    ...messagesOf(Array.from({ length: 16 }, (_, index) => `text ${index}`)).map((message) => encodeBatch([message])),
  );
  await eventually(() => [stage.consumption.inFlight, inFlight]).toEqual([16, 4]);
  // A fifth would come by now.
  await sleep(200);
  release();
  await eventually(() => stage.batches().length).toBe(16);
  expect(most).toBe(4);
});
