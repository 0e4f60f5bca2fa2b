import { createKafka, createTopicReader, type ReadRecord, readRanges } from "@millrace/kafka";
import fc from "fast-check";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import {
  createEventEncoder,
  createEventProducer,
  createSchema,
  dlqMessageDefinition,
  type Event,
  eventDefinition,
  type Published,
} from "../src/index.ts";
import { lossyKafka } from "./lossy-kafka.ts";
import {
  CLOSED_PORT,
  config,
  configuration,
  createTopic,
  kafka,
  registryOf,
  testPatience,
  uniqueName,
} from "./support.ts";

/** The pauses between attempts, in milliseconds. */
const pauses = vi.hoisted((): number[] => []);
vi.mock("node:timers/promises", async (load) => {
  const timers = await load<typeof import("node:timers/promises")>();
  const setTimeout: typeof timers.setTimeout = (delayMs, ...more) => {
    pauses.push(delayMs ?? 0);
    return timers.setTimeout(delayMs, ...more);
  };
  return { ...timers, setTimeout };
});
afterEach(() => vi.restoreAllMocks());

const eventInJson = createSchema(eventDefinition, "json");
const dlqMessage = createSchema(dlqMessageDefinition, "json");
const reader = createTopicReader(kafka);
let dlqTopic = "";

beforeAll(async () => {
  dlqTopic = await createTopic(1);
});
afterAll(() => reader[Symbol.asyncDispose]());

function open(overrides: Record<string, string> = {}, client = kafka) {
  const settings = configuration({ EVENTS_DLQ_TOPIC: dlqTopic, EVENTS_DELIVERY_TIMEOUT_MS: "5000", ...overrides });
  const patience = testPatience();
  const encoder = createEventEncoder("json");
  return Object.assign(createEventProducer(client, encoder, settings, patience), { patience });
}

/** Everything in a topic, each partition in its order. */
async function contents(topic: string): Promise<ReadRecord[]> {
  const records: ReadRecord[] = [];
  for await (const record of readRanges(reader, topic, (await reader.ranges(topic)) ?? [])) records.push(record);
  return records;
}

function event(index: number, more: Partial<Event> = {}): Event {
  return { event_id: `event-${index}`, event_type: "test", timestamp_ms: index, properties: {}, ...more };
}

const idsOf = (records: readonly ReadRecord[]): unknown[] =>
  records.map(({ value }) => JSON.parse(String(value)).event_id);

/** By key, in the order of the topic. */
function idsByKey(records: readonly ReadRecord[]): Map<string, unknown[]> {
  const byKey = new Map<string, unknown[]>();
  for (const record of records)
    byKey.set(String(record.key), [...(byKey.get(String(record.key)) ?? []), ...idsOf([record])]);
  return byKey;
}

const owners = fc.array(
  fc.record(
    { user_id: fc.constantFrom("ann", "bob", "eve"), device_id: fc.constantFrom("ann", "lamp", "door") },
    { requiredKeys: [] },
  ),
  { minLength: 1, maxLength: 40 },
);

test("property 4, partition-key consistency: events of one user, else of one device, are in one partition and in order", async () => {
  const topic = await createTopic(8);
  await using producer = open();
  let index = 0;
  const sent: Event[] = [];
  await fc.assert(
    fc.asyncProperty(owners, async (owned) => {
      const events = owned.map((owner) => event(index++, owner));
      sent.push(...events);
      const published = await producer.publish(topic, events);
      expect(published.map(({ status }) => status)).toEqual(events.map(() => "published"));
    }),
    { numRuns: 30, endOnFailure: true },
  );
  const records = await contents(topic);
  const partitions = Map.groupBy(records, ({ key }) => String(key));
  for (const [key, group] of partitions) expect(new Set(group.map(({ partition }) => partition)).size, key).toBe(1);
  const expected = Map.groupBy(sent, ({ user_id, device_id, event_id }) => user_id ?? device_id ?? event_id);
  expect(idsByKey(records).size).toBe(expected.size);
  for (const [key, ids] of idsByKey(records)) expect(ids).toEqual(expected.get(key)?.map(({ event_id }) => event_id));
  expect(records).toHaveLength(sent.length);
});

test("property 21, message delivery guarantee: whichever answers are lost, each event is written once, in order, to the place in its outcome", async () => {
  const topic = await createTopic(3);
  const users = fc.array(fc.constantFrom("ann", "bob", "eve", "sam"), { minLength: 1, maxLength: 6 });
  /** Rounds of overlapping calls. */
  const rounds = fc.array(fc.array(users, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 6 });
  /** Whether each answer is lost, in order; later ones are not. */
  const losses = fc.array(
    fc.nat(3).map((chance) => chance === 0),
    { minLength: 10, maxLength: 40 },
  );
  let [index, lost] = [0, 0];
  await fc.assert(
    fc.asyncProperty(rounds, losses, async (calls, isLost) => {
      let answers = Number.NEGATIVE_INFINITY;
      const lossy = lossyKafka(config.KAFKA_BOOTSTRAP_SERVERS, () => {
        const loses = isLost[answers++] ?? false;
        if (loses) lost++;
        return loses;
      });
      await using producer = open({ EVENTS_DELIVERY_TIMEOUT_MS: "60000" }, lossy);
      const sent: Event[] = [event(index++, { user_id: "ann" })];
      const outcomes: Published[] = await producer.publish(topic, sent);
      // Connected by now: from here on, mostly answers about records are lost.
      answers = 0;
      for (const round of calls) {
        const events = round.map((owners) => owners.map((user_id) => event(index++, { user_id })));
        sent.push(...events.flat());
        outcomes.push(...(await Promise.all(events.map((some) => producer.publish(topic, some)))).flat());
      }
      const records = await contents(topic);
      const places = new Map(records.map((record) => [idsOf([record])[0], record]));
      const expected = sent.map(({ event_id }) => {
        const { partition, offset } = places.get(event_id) ?? {};
        return { status: "published", placement: { partition, offset }, timestampMs: expect.any(Number) };
      });
      expect(outcomes).toEqual(expected);
      const mine = records.filter((record) => sent.some(({ event_id }) => event_id === idsOf([record])[0]));
      expect(Object.fromEntries(idsByKey(mine))).toEqual(
        Object.fromEntries(
          [...Map.groupBy(sent, ({ user_id }) => String(user_id))].map(([user, events]) => [
            user,
            events.map(({ event_id }) => event_id),
          ]),
        ),
      );
    }),
    { numRuns: 80, endOnFailure: true },
  );
  expect(lost).toBeGreaterThan(40);
  expect(await contents(topic)).toHaveLength(index);
}, 180_000);

test("property 5, DLQ routing: exactly the events that their topic does not accept become DLQMessages; the others are delivered", async () => {
  const topic = await createTopic(3, 2_000);
  await using producer = open();
  let index = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(fc.boolean(), { minLength: 1, maxLength: 12 }), async (large) => {
      const first = index;
      const before = await contents(dlqTopic);
      const events = large.map((isLarge) =>
        event(index++, { user_id: `user-${index % 3}`, text: (isLarge ? "long" : "s").repeat(700) }),
      );
      const published = await producer.publish(topic, events);
      expect(published.map(({ status }) => status)).toEqual(
        large.map((isLarge) => (isLarge ? "dead_lettered" : "published")),
      );
      const delivered = (await contents(topic)).filter(
        (record) => Number(String(idsOf([record])[0]).slice(6)) >= first,
      );
      expect(idsOf(delivered).toSorted()).toEqual(
        events
          .filter((_, at) => !large[at])
          .map(({ event_id }) => event_id)
          .toSorted(),
      );

      const letters = (await contents(dlqTopic))
        .slice(before.length)
        .map(({ value }) => dlqMessage.decode(value ?? Buffer.of()));
      expect(letters).toEqual(
        events.flatMap((refused, at) =>
          large[at]
            ? [
                {
                  value: {
                    topic,
                    key: Buffer.from(String(refused.user_id)),
                    value: eventInJson.encode(refused),
                    event_id: refused.event_id,
                    error_code: "too_long",
                    error_message: expect.stringContaining(topic),
                    attempts: 1,
                    failed_at_ms: expect.any(Number),
                  },
                },
              ]
            : [],
        ),
      );
    }),
    { numRuns: 15, endOnFailure: true },
  );
});

test("property 16, retry backoff: a missing topic is retried with growing pauses, then its events are dead-lettered", async () => {
  await using producer = open({ EVENTS_DELIVERY_TIMEOUT_MS: "5000" });
  const missing = uniqueName("missing");
  vi.spyOn(Math, "random").mockReturnValue(0.75);
  pauses.length = 0;
  const [outcome] = await producer.publish(missing, [event(1)]);
  expect(outcome).toMatchObject({ status: "dead_lettered", fault: { code: "misconfigured" } });
  const [letter] = (await contents(dlqTopic)).slice(-1);
  const decoded = dlqMessage.decode(letter?.value ?? Buffer.of());
  expect(decoded).toMatchObject({ value: { topic: missing, event_id: "event-1", error_code: "misconfigured" } });
  const tries = producer.patience
    .lines()
    .filter(({ status, details }) => status === "retry" && String(details?.cause).includes(missing));
  expect("value" in decoded && decoded.value.attempts).toBe(tries.length);
  // Three quarters of 20 ms, doubling up to 200 ms.
  const expected = tries.map((_, at) => 0.75 * Math.min(200, 20 * 2 ** at));
  expect(tries.length).toBeGreaterThan(3);
  expect(pauses.slice(0, tries.length)).toEqual(expected);
});

test("after an unanswered request times out, later events are still written", async () => {
  let losing = false;
  const lossy = lossyKafka(config.KAFKA_BOOTSTRAP_SERVERS, () => losing);
  const topic = await createTopic(1);
  await using producer = open({ EVENTS_DELIVERY_TIMEOUT_MS: "10000" }, lossy);
  expect(await producer.publish(topic, [event(1)])).toMatchObject([{ status: "published" }]);
  // Written or not; the producer cannot know.
  losing = true;
  expect(await producer.publish(topic, [event(2)])).toMatchObject([{ status: "failed" }]);
  losing = false;
  expect(await producer.publish(topic, [event(3)])).toMatchObject([{ status: "published" }]);
  expect(idsOf(await contents(topic)).filter((id) => id !== "event-2")).toEqual(["event-1", "event-3"]);
});

test("without Kafka, the outcome is that the event is in no topic", async () => {
  const away = createKafka(
    configuration({ KAFKA_BOOTSTRAP_SERVERS: `127.0.0.1:${CLOSED_PORT}` }),
    "test",
    testPatience().log,
  );
  await using producer = open({ EVENTS_DELIVERY_TIMEOUT_MS: "300" }, away);
  expect(await producer.publish("any", [event(1), event(2)])).toMatchObject([
    { status: "failed", fault: { kind: "retryable" } },
    { status: "failed", fault: { kind: "retryable" } },
  ]);
});

test("an event whose schema can't be registered is dead-lettered as JSON", async () => {
  const topic = await createTopic(1);
  const encoder = createEventEncoder("avro", registryOf({ SCHEMA_REGISTRY_PASSWORD: "wrong" }));
  const settings = configuration({ EVENTS_DLQ_TOPIC: dlqTopic, EVENTS_DELIVERY_TIMEOUT_MS: "10000" });
  await using producer = createEventProducer(kafka, encoder, settings, testPatience());
  expect(await producer.publish(topic, [event(3)])).toMatchObject([
    {
      status: "dead_lettered",
      fault: { code: "misconfigured", cause: expect.stringContaining("SCHEMA_REGISTRY_USERNAME") },
    },
  ]);
  const [letter] = (await contents(dlqTopic)).slice(-1);
  expect(dlqMessage.decode(letter?.value ?? Buffer.of())).toMatchObject({
    value: { value: eventInJson.encode(event(3)) },
  });
  expect(await contents(topic)).toEqual([]);
});

test("events beyond a full queue are refused, and not dead-lettered", async () => {
  const topic = await createTopic(1);
  await using producer = open({ EVENTS_QUEUE_MAX: "2" });
  expect(await producer.publish(topic, [event(1), event(2), event(3)])).toMatchObject(
    Array(3).fill({ status: "failed", fault: { code: "rate_limited" } }),
  );
  expect(await contents(topic)).toEqual([]);
});

test("bytes beyond the limit of all queues together are refused until there is room again", async () => {
  const away = createKafka(
    configuration({ KAFKA_BOOTSTRAP_SERVERS: `127.0.0.1:${CLOSED_PORT}` }),
    "test",
    testPatience().log,
  );
  await using producer = open({ EVENTS_QUEUE_MAX_BYTES: "100000", EVENTS_DELIVERY_TIMEOUT_MS: "1000" }, away);
  const large = event(1, { text: "x".repeat(60_000) });
  const first = producer.publish("one", [large]);
  expect(await producer.publish("another", [large])).toMatchObject([
    { status: "failed", fault: { code: "rate_limited", cause: expect.stringContaining("EVENTS_QUEUE_MAX_BYTES") } },
  ]);
  expect(await first).toMatchObject([{ status: "failed", fault: { code: "unavailable" } }]);
  // It exceeds the limit, but nothing else waits.
  const larger = event(2, { text: "x".repeat(120_000) });
  expect(await producer.publish("another", [larger])).toMatchObject([{ fault: { code: "unavailable" } }]);
});

test("events given up while they wait are neither written nor dead-lettered, and block nothing", async () => {
  const topic = await createTopic(1);
  await using producer = open();
  const before = await contents(dlqTopic);
  const giveUp = AbortSignal.abort(new Error("the caller left"));
  expect(await producer.publish(topic, [event(1)], giveUp)).toMatchObject([
    { status: "failed", fault: { kind: "retryable", cause: "the caller left" } },
  ]);
  expect(await producer.publish(topic, [event(2)])).toMatchObject([{ status: "published" }]);
  expect(idsOf(await contents(topic))).toEqual(["event-2"]);
  expect(await contents(dlqTopic)).toEqual(before);
});
