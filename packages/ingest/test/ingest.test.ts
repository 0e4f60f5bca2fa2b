import { setTimeout as sleep } from "node:timers/promises";
import type { RecordProducer } from "@millrace/kafka";
import { decodeBatch, type Message, messageId, noTracing, parseDeadLetter, replayRecord } from "@millrace/shared";
import { expect, test } from "vitest";
import { Ingest } from "../src/ingest.ts";
import { eventually, openEdges, testConfig } from "./support.ts";

/** The stage over real topics, as `main.ts` wires it. */
async function run(overrides: Record<string, string> = {}, slowed?: (producer: RecordProducer) => RecordProducer) {
  const edges = await openEdges(testConfig(overrides));
  const { config, patience, producer, deadLetters, tracker } = edges;
  const [source = ""] = config.KAFKA_TOPICS;
  const groupId = `${config.KAFKA_GROUP_PREFIX}-ingest`;
  const used = slowed ? slowed(producer) : producer;
  const ingest = new Ingest(config, { producer: used, deadLetters, tracker, tracing: noTracing, log: patience.log });
  const batches = await edges.read(config.BATCHES_TOPIC);
  const letters = await edges.read(config.DEAD_LETTERS_TOPIC);
  const topics = [...config.KAFKA_TOPICS, config.REPLAY_TOPIC];
  const consumption = await edges.consumption(groupId, topics, (received) => ingest.accept(received));
  return {
    ...edges,
    source,
    ingest,
    consumption,
    batches: (): Message[][] => batches.received.map(({ value }) => decodeBatch(value ?? Buffer.alloc(0))),
    letters: () => letters.received.map(({ key, value, headers }) => parseDeadLetter(key, value, headers)),
    committedSource: () => edges.committed(groupId, source),
    async [Symbol.asyncDispose]() {
      await Promise.all([consumption, batches, letters].map((each) => each[Symbol.asyncDispose]()));
      await edges[Symbol.asyncDispose]();
    },
  };
}

test("messages of all partitions are packed into shared batches, each message once, and then committed", async () => {
  await using stage = await run({ BATCH_MAX_MESSAGES: "50", BATCH_LINGER_MS: "5000" });
  const records = Array.from({ length: 130 }, (_, index) => ({
    key: Buffer.from(`key ${index}`),
    value: Buffer.from(`text ${index}`),
    headers: [["trace", Buffer.from(String(index))]] as const,
    partition: index % 2,
  }));
  await stage.producer.send(stage.source, records);
  await eventually(() => stage.batches().flat().length).toBe(130);
  await eventually(() => stage.committedSource()).toBe(130);

  const messages = stage.batches().flat();
  expect(new Set(messages.map(messageId)).size).toBe(130);
  expect(messages.map(({ text }) => text.toString()).toSorted()).toEqual(
    records.map(({ value }) => value.toString()).toSorted(),
  );
  expect(messages[0]).toMatchObject({ topic: stage.source, key: expect.any(Buffer), timestampMs: expect.any(Number) });
  expect(messages[0]?.headers).toEqual([["trace", Buffer.from(messages[0]?.text.toString().slice(5) ?? "")]]);
  // Full batches first, then the rest after the linger.
  expect(
    stage
      .batches()
      .map((batch) => batch.length)
      .toSorted((left, right) => right - left),
  ).toEqual([50, 50, 30]);
  expect(stage.batches().some((batch) => new Set(batch.map(({ partition }) => partition)).size === 2)).toBe(true);
  expect(stage.ingest.done.messages).toBe(130);
});

test("an incomplete batch is written after its linger, and not before", async () => {
  let writtenAt = 0;
  await using stage = await run({ BATCH_LINGER_MS: "1000" }, (producer) => ({
    ...producer,
    send: (topic, records) => {
      writtenAt = performance.now();
      return producer.send(topic, records);
    },
  }));
  const publishedAt = performance.now();
  await stage.producer.send(stage.source, [{ value: Buffer.from("alone") }]);
  await eventually(() => stage.batches().map((batch) => batch.map(({ text }) => text.toString()))).toEqual([["alone"]]);
  // The linger starts on arrival, after publishing. Timers may fire a millisecond early.
  expect(writtenAt - publishedAt).toBeGreaterThan(998);
});

test("the linger begins with the first message of a batch, however many follow", async () => {
  const written: number[] = [];
  await using stage = await run({ BATCH_LINGER_MS: "1000", BATCH_MAX_MESSAGES: "1000" }, (producer) => ({
    ...producer,
    send: (topic, records) => {
      written.push(performance.now());
      return producer.send(topic, records);
    },
  }));
  const stopped = new AbortController();
  const trickle = async (): Promise<void> => {
    while (!stopped.signal.aborted) {
      await stage.producer.send(stage.source, [{ value: Buffer.from("one of many") }]);
      await sleep(100);
    }
  };
  const trickling = trickle();
  // Messages come far more often than the linger ends, and none is long without a batch.
  await eventually(() => written.length).toBeGreaterThan(2);
  stopped.abort();
  await trickling;
});

test("a message that can't be embedded is dead-lettered alone, with its origin and reason, and committed", async () => {
  await using stage = await run({ TEXT_FIELD: "/text", MESSAGE_MAX_BYTES: "200" });
  const headers = [["constructor", Buffer.from("kept")]] as const;
  const broken = [
    { value: null, code: "invalid" },
    { value: Buffer.from("{"), code: "undecodable" },
    { value: Buffer.from([0xff, 0xfe]), code: "undecodable" },
    { value: Buffer.from(JSON.stringify({ text: "x".repeat(300) })), code: "too_long" },
    { value: Buffer.from('{"title":"no text"}'), code: "invalid" },
  ];
  const good = { value: Buffer.from('{"text":"good"}') };
  await stage.producer.send(stage.source, [
    good,
    ...broken.map(({ value }, index) => ({ key: Buffer.from(`key ${index}`), value, headers })),
    good,
  ]);
  await eventually(() => stage.letters().length).toBe(broken.length);
  await eventually(() => stage.committedSource()).toBe(broken.length + 2);
  await eventually(() =>
    stage
      .batches()
      .flat()
      .map(({ text }) => text.toString()),
  ).toEqual(["good", "good"]);

  for (const letter of stage.letters()) {
    const { value, code } = broken[Number(letter.key?.toString().slice(4))] ?? {};
    expect(letter).toMatchObject({ stage: "ingest", fault: { kind: "poison", code }, headers, attempts: 1 });
    expect(letter.value).toEqual(value);
    expect(letter.origin).toMatchObject({ topic: stage.source, offset: expect.any(Number) });
    expect(letter.fault.cause).not.toBe("");
  }
  const origins = [...stage.letters().map(({ origin }) => origin), ...stage.batches().flat()].map(messageId);
  expect(new Set(origins).size).toBe(broken.length + 2);
  expect(Object.values(stage.deadLetters.counts).reduce((sum, count) => sum + count)).toBe(broken.length);
});

const MEBIBYTE = 1_048_576;

test("a message too large for any record is dead-lettered as too_long, cut to fit, and can't be replayed as if complete", async () => {
  await using stage = await run({ KAFKA_TOPIC_PARTITIONS: "1", MESSAGE_MAX_BYTES: String(8 * MEBIBYTE) });
  await stage.setMaxMessageBytes(stage.source, 10 * MEBIBYTE);
  const [key, value] = [Buffer.from("key"), Buffer.from("text")];
  const large = Buffer.alloc(9 * MEBIBYTE, "x");
  await stage.producer.send(stage.source, [
    { key, value: large },
    { key, value, headers: [["large", large]] },
    { key: large, value },
    { key, value, headers: [["n".repeat(65_536), Buffer.from("1")]] },
    { key, value },
  ]);
  await eventually(() => stage.letters().length).toBe(4);
  await eventually(() => stage.committedSource()).toBe(5);
  await eventually(() =>
    stage
      .batches()
      .flat()
      .map(({ offset }) => offset),
  ).toEqual([4]);
  const letters = stage.letters().toSorted((left, right) => left.origin.offset - right.origin.offset);
  expect(letters.map(({ fault }) => fault.code)).toEqual(Array(4).fill("too_long"));
  const kept = letters[0]?.value?.length ?? 0;
  expect(kept).toBeGreaterThan(8 * MEBIBYTE - 1_000);
  expect(letters.map(({ cut }) => cut)).toEqual([
    `all but the first ${kept} of the ${9 * MEBIBYTE} bytes of its value`,
    expect.stringMatching(/^its headers of \d+ bytes$/),
    `its key of ${9 * MEBIBYTE} bytes`,
    undefined,
  ]);
  expect(letters.map(({ fault }) => fault.cause)).toEqual([
    expect.stringMatching(/MESSAGE_MAX_BYTES allows 8388608; its dead letter lacks all but the first/),
    expect.stringMatching(/KAFKA_RECORD_MAX_BYTES allows 8388608; its dead letter lacks its headers/),
    expect.stringMatching(/KAFKA_RECORD_MAX_BYTES allows 8388608; its dead letter lacks its key/),
    "a header has a name of 65536 bytes; the record format allows 65535",
  ]);
  expect(letters.map((letter) => letter.key?.toString())).toEqual(["key", "key", undefined, "key"]);
  expect(letters.slice(1).map((letter) => letter.value?.toString())).toEqual(Array(3).fill("text"));
  expect(letters.map(({ headers }) => headers.length)).toEqual([0, 0, 0, 1]);

  const [, longHeader] = letters;
  if (!longHeader) throw new Error("four dead letters");
  await stage.producer.send(stage.config.REPLAY_TOPIC, [replayRecord(longHeader)]);
  await eventually(() => stage.letters().length).toBe(5);
  expect(stage.letters().at(-1)).toMatchObject({
    origin: longHeader.origin,
    fault: { code: "too_long", cause: expect.stringContaining("only part") },
    cut: longHeader.cut,
  });
});

test("if the topics' max.message.bytes is too low, records are smaller and dead letters shorter", async () => {
  await using stage = await run({ BATCH_LINGER_MS: "1000", KAFKA_TOPIC_PARTITIONS: "1" });
  await stage.setMaxMessageBytes(stage.config.BATCHES_TOPIC, 2_000);
  await stage.setMaxMessageBytes(stage.config.DEAD_LETTERS_TOPIC, 2_000);
  const texts = Array.from({ length: 20 }, (_, index) =>
    index === 7 ? "x".repeat(3_000) : `text ${index}`.repeat(20),
  );
  await stage.producer.send(
    stage.source,
    texts.map((text) => ({ value: Buffer.from(text) })),
  );
  await eventually(() => stage.letters()).toMatchObject([
    { origin: { offset: 7 }, fault: { code: "too_long", cause: expect.stringContaining("max.message.bytes") } },
  ]);
  expect(texts[7]).toContain(stage.letters()[0]?.value?.toString());
  await eventually(() => stage.batches().flat().length).toBe(19);
  await eventually(() => stage.committedSource()).toBe(20);
  expect(stage.ingest.done.messages).toBe(19);
});

test("a configuration in which the largest message exceeds a record is rejected, with the remedy", () => {
  expect(() => testConfig({ MESSAGE_MAX_BYTES: "8388609" })).toThrow(
    /KAFKA_RECORD_MAX_BYTES .*8388608 bytes cannot hold a message of MESSAGE_MAX_BYTES \(8388609\); raise KAFKA_RECORD_MAX_BYTES or lower MESSAGE_MAX_BYTES/,
  );
  expect(() => testConfig({ KAFKA_RECORD_MAX_BYTES: "65536" })).toThrow(/KAFKA_RECORD_MAX_BYTES is refused: .*1048576/);
});

test("nothing is committed before Kafka has acknowledged its batch", async () => {
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  let waiting = 0;
  await using stage = await run({}, (producer) => ({
    ...producer,
    send: async (topic, records) => {
      waiting++;
      await released;
      return producer.send(topic, records);
    },
  }));
  await stage.producer.send(stage.source, [{ value: Buffer.from("one") }, { value: Buffer.from("two") }]);
  await eventually(() => waiting).toBeGreaterThan(0);
  await eventually(() => stage.consumption.inFlight).toBe(2);
  await sleep(300);
  expect(await stage.committedSource()).toBe(0);
  release();
  await eventually(() => stage.committedSource()).toBe(2);
  await eventually(() => stage.batches().flat()).toHaveLength(2);
});

test("a replayed message keeps its original identity; a record without one is skipped", async () => {
  await using stage = await run({ MESSAGE_MAX_BYTES: "100" });
  await stage.producer.send(stage.source, [{ value: Buffer.from("x".repeat(101)) }]);
  await eventually(() => stage.letters().length).toBe(1);
  const [letter] = stage.letters();
  await using raw = await stage.read(stage.config.DEAD_LETTERS_TOPIC);
  await eventually(() => raw.received.length).toBe(1);

  const headers = raw.received[0]?.headers ?? [];
  await stage.producer.send(stage.config.REPLAY_TOPIC, [
    { value: Buffer.from("mended"), headers },
    { value: Buffer.from("not a dead letter") },
  ]);
  await eventually(() => stage.batches().flat().length).toBe(1);
  await eventually(() => stage.committed(`${stage.config.KAFKA_GROUP_PREFIX}-ingest`, stage.config.REPLAY_TOPIC)).toBe(
    2,
  );
  const [message] = stage.batches().flat();
  expect(message && messageId(message)).toBe(letter && messageId(letter.origin));
  expect(message?.text.toString()).toBe("mended");
  expect(message?.headers).toEqual([]);
});

test("each replay of a message counts as another attempt at it", async () => {
  await using stage = await run({ MESSAGE_MAX_BYTES: "100" });
  await stage.producer.send(stage.source, [{ value: Buffer.from("x".repeat(101)) }]);
  for (const attempts of [1, 2, 3]) {
    await eventually(() => stage.letters().length).toBe(attempts);
    const letter = stage.letters().at(-1);
    if (!letter) throw new Error("no letter");
    expect(letter).toMatchObject({ attempts, origin: { topic: stage.source, offset: 0 } });
    await stage.producer.send(stage.config.REPLAY_TOPIC, [replayRecord(letter)]);
  }
  await eventually(() => stage.letters().map(({ attempts }) => attempts)).toEqual([1, 2, 3, 4]);
});
