import type { ReadRecord } from "@millrace/kafka";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { readLatest } from "../src/events/latest.ts";
import { type Answer, latest, newTopic, openEventsApp, publish, published } from "./events-support.ts";
import { bodyOf, CLOSED_PORT } from "./support.ts";

const api = openEventsApp();
afterAll(() => api[Symbol.asyncDispose]());

/** The sum of the partitions' end offsets: how many records were ever written. */
async function countOf(topic: string): Promise<number> {
  const ranges = (await api.edges.topicReader.ranges(topic)) ?? [];
  return ranges.reduce((sum, { to }) => sum + to, 0);
}

async function contents(topic: string): Promise<ReadRecord[]> {
  return (await readLatest(api.edges.topicReader, topic, { count: 10_000, maxBytes: 10_000_000 })) ?? [];
}

const valid = fc.record(
  {
    event_type: fc.constantFrom("payment.authorized", "page.viewed"),
    user_id: fc.constantFrom("ann", "bob", "eve"),
    device_id: fc.constantFrom("lamp", "door"),
    value: fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0),
    text: fc.string({ unit: "grapheme", minLength: 1, maxLength: 20 }),
  },
  { requiredKeys: ["event_type"] },
);
const invalid = fc.constantFrom<unknown>({}, { event_type: "" }, { event_type: "x", extra: 1 }, 7, null, [], "text");

test("property 2, event routing: each event is in the topic of its path, at the returned position, under its key", async () => {
  const topics = [newTopic(api), newTopic(api)];
  const sent = new Map<string, string>();
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...topics),
      fc.array(valid, { minLength: 1, maxLength: 8 }),
      async (topic, events) => {
        const answer = await published(api, topic, events);
        for (const [index, event] of answer.events.entries()) {
          const { user_id, device_id, event_type } = events[index] ?? {};
          const key = user_id ?? device_id ?? event?.event_id;
          sent.set(String(event?.id), JSON.stringify([topic, key, event?.event_id, event_type]));
        }
      },
    ),
    { numRuns: 20 },
  );
  const found = new Map<string, string>();
  for (const topic of topics) {
    for (const { partition, offset, key, value } of await contents(topic)) {
      const { event_id, event_type } = JSON.parse(String(value));
      found.set(`${topic}-${partition}-${offset}`, JSON.stringify([topic, String(key), event_id, event_type]));
    }
  }
  expect(Object.fromEntries(found)).toEqual(Object.fromEntries(sent));
});

test("property 11, API response completeness: each event has its position or its error, and nothing else is written", async () => {
  const topic = newTopic(api);
  let before = 0;
  const items = fc.array(fc.oneof(valid, invalid), { minLength: 1, maxLength: 10 });
  await fc.assert(
    fc.asyncProperty(items, async (events) => {
      const response = await publish(api, topic, events);
      const isValid = events.map(
        (event) =>
          typeof event === "object" &&
          event !== null &&
          "event_type" in event &&
          event.event_type !== "" &&
          !("extra" in event),
      );
      const count = isValid.filter(Boolean).length;
      expect(response.status).toBe(count === events.length ? 202 : count > 0 ? 207 : 422);
      if (count === 0) {
        const { errors } = await bodyOf<{ errors: { path: string }[] }>(response);
        const named = new Set(errors.map(({ path }) => path.split("/")[1]));
        expect(named).toEqual(new Set(events.map((_, index) => String(index))));
      }
      if (count > 0) {
        const answer = await bodyOf<Answer>(response);
        expect(answer.events.map((event) => event !== null)).toEqual(isValid);
        expect(answer.errors.map(({ index }) => index)).toEqual(isValid.flatMap((is, index) => (is ? [] : [index])));
        for (const { index, code, errors } of answer.errors) {
          expect(code).toBe("invalid");
          expect(new Set(errors?.map(({ path }) => path.split("/")[1]))).toEqual(new Set([String(index)]));
        }
        for (const event of answer.events) {
          if (event === null) continue;
          expect(event.event_id).toBeTruthy();
          expect(event.id).toBe(`${topic}-${event.partition}-${event.offset}`);
          expect(Date.parse(event.timestamp)).toBeGreaterThan(Date.now() - 60_000);
        }
      }
      const after = await countOf(topic);
      expect(after).toBe(before + count);
      before = after;
    }),
    { numRuns: 25 },
  );
});

test("property 12, recent-events query: the newest across the partitions, newest first, at the time of the request", async () => {
  const topic = newTopic(api);
  const written: { id: string; timestamp: string }[] = [];
  await fc.assert(
    fc.asyncProperty(
      fc.array(valid, { minLength: 1, maxLength: 6 }),
      fc.integer({ min: 1, max: 30 }),
      async (events, limit) => {
        // Each request gets a different millisecond, so that the order is certain.
        await new Promise((resolve) => setTimeout(resolve, 2));
        const answer = await published(api, topic, events);
        for (const event of answer.events)
          written.push({ id: String(event?.event_id), timestamp: event?.timestamp ?? "" });
        const found = await latest(api, topic, limit);
        expect(found).toHaveLength(Math.min(limit, written.length));
        const times = found.map(({ timestamp }) => timestamp);
        // Events of one request have one timestamp, so any of them may be the last that fits.
        const newest = written
          .map(({ timestamp }) => timestamp)
          .toSorted()
          .reverse();
        expect(times).toEqual(newest.slice(0, limit));
        const ids = new Set(found.map(({ event }) => event?.event_id));
        expect(ids.size).toBe(found.length);
        expect(written.map(({ id }) => id)).toEqual(expect.arrayContaining([...ids]));
      },
    ),
    { numRuns: 20, endOnFailure: true },
  );
});

test("property 19, dynamic topics: a topic is created with its first events, within the configured limits", async () => {
  await using limited = openEventsApp({ EVENTS_TOPICS_MAX: "2", KAFKA_TOPIC_PARTITIONS: "5" });
  const [first, second, third] = [newTopic(limited), newTopic(limited), newTopic(limited)];
  for (const topic of [first, second]) {
    expect((await limited.app.request(`/api/v1/events/${topic}/latest`)).status).toBe(404);
    await published(limited, topic, { event_type: "first" });
    // Right after the creation a broker may not lead all of them yet.
    await expect.poll(() => api.edges.topicReader.ranges(topic), { timeout: 20_000 }).toHaveLength(5);
  }
  expect((await publish(limited, third, { event_type: "first" })).status).toBe(409);
  await fc.assert(
    fc.asyncProperty(fc.stringMatching(/^[a-zA-Z0-9._~-]{1,40}$/), async (name) => {
      fc.pre(name !== "." && name !== "..");
      expect((await publish(limited, name, { event_type: "first" })).status).toBe(400);
    }),
    { numRuns: 20 },
  );
  for (const internal of [limited.config.BATCHES_TOPIC, limited.config.EVENTS_DLQ_TOPIC]) {
    expect((await publish(limited, internal, { event_type: "first" })).status).toBe(400);
  }
});

test("a topic is not created where KAFKA_CREATE_TOPICS is off", async () => {
  await using fixed = openEventsApp({ KAFKA_CREATE_TOPICS: "false" });
  const response = await publish(fixed, newTopic(fixed), { event_type: "first" });
  expect(await response.json()).toMatchObject({ status: 404, type: "urn:millrace:problem:unknown-topic" });
});

test("an Idempotency-Key makes a retry safe: the same response, no duplicates, and a different body is refused", async () => {
  const topic = newTopic(api);
  const body = [{ event_type: "a" }, { event_type: "" }, { event_type: "b", user_id: "ann" }];
  const key = { "idempotency-key": "first-try" };
  const answers = await Promise.all([1, 2, 3].map(async () => publish(api, topic, body, key)));
  const statuses = answers.map(({ status }) => status).sort();
  expect(statuses).toContain(207);
  for (const status of statuses) expect([207, 409]).toContain(status);
  const answered = await bodyOf<Answer>(await publish(api, topic, body, key));
  for (const answer of answers) if (answer.status === 207) expect(await answer.json()).toEqual(answered);
  expect(await contents(topic)).toHaveLength(2);
  const other = await publish(api, topic, { event_type: "c" }, key);
  expect(await other.json()).toMatchObject({ status: 422, type: "urn:millrace:problem:other-request" });
  // The key of another topic is another key.
  expect((await publish(api, newTopic(api), { event_type: "c" }, key)).status).toBe(202);
  expect((await publish(api, topic, body, { "idempotency-key": "with space" })).status).toBe(400);
});

test("a retry publishes only the events that failed before", async () => {
  await using small = openEventsApp({ EVENTS_QUEUE_MAX: "1" });
  const topic = newTopic(small);
  await published(small, topic, { event_type: "first" });
  const key = { "idempotency-key": "again" };
  expect((await publish(small, topic, [{ event_type: "a" }, { event_type: "b" }], key)).status).toBe(503);
  expect((await publish(small, topic, [{ event_type: "a" }, { event_type: "b" }], key)).status).toBe(503);
  expect(await contents(topic)).toHaveLength(1);
});

test("a retry after a partial success publishes the rest and reports all events", async () => {
  const topic = newTopic(api);
  const body = [{ event_type: "a" }, { event_type: "b" }, { event_type: "c" }];
  const first = await published(api, topic, body[0]);
  const [event] = first.events;
  if (!event) throw new Error("the first event was not published");
  const key = "partly";
  const request = { subject: undefined, topic, key, body: Buffer.from(JSON.stringify(body)) };
  const held = await api.edges.idempotency.begin(request, new AbortController().signal);
  if (typeof held === "string") throw new Error(held);
  expect(held.outcomes).toEqual([]);
  const away = { code: "unavailable", message: "connection refused" };
  await held.end([
    { published: event },
    { error: { ...away, retryable: true } },
    { error: { ...away, retryable: false } },
  ]);
  held[Symbol.dispose]();
  const response = await publish(api, topic, body, { "idempotency-key": key });
  expect(response.status).toBe(207);
  expect(await bodyOf<Answer>(response)).toMatchObject({
    events: [event, { event_id: expect.any(String) }, null],
    errors: [{ index: 2, ...away }],
  });
  const types = (await contents(topic)).map(({ value }) => JSON.parse(String(value)).event_type);
  expect(types.sort()).toEqual(["a", "b"]);
});

test.each([
  ["text", "text/plain", "x", 415],
  ["half an object", "application/json", "{", 400],
  ["an empty array", "application/json", "[]", 422],
  ["a deep nest that does not end", "application/json", "[".repeat(5_000), 400],
  ["a deep nest", "application/json", "[".repeat(5_000) + "]".repeat(5_000), 422],
])("%s is refused", async (_, type, body, status) => {
  const path = `/api/v1/events/${newTopic(api)}`;
  const response = await api.app.request(path, { method: "POST", headers: { "content-type": type }, body });
  expect(await response.json()).toMatchObject({ status });
});

test("more than 1,000 events are refused", async () => {
  const response = await publish(api, newTopic(api), Array(1_001).fill({ event_type: "a" }));
  expect(response.status).toBe(422);
});

test("a record that is not an event is shown with the reason", async () => {
  const topic = newTopic(api);
  await published(api, topic, { event_type: "first" });
  await api.edges.messageLog.append(topic, [{ value: Buffer.from("plain") }, { value: null, key: Buffer.from("k") }]);
  const found = await latest(api, topic, 10);
  expect(found).toHaveLength(3);
  expect(found.filter(({ event }) => event === null).map(({ error }) => error)).toEqual(
    expect.arrayContaining(["the record has no value (a tombstone)", expect.stringContaining("not a valid Event")]),
  );
});

test.each(["0", "-1", "x", "1001"])("a limit of %s is refused", async (limit) => {
  const response = await api.app.request(`/api/v1/events/${newTopic(api)}/latest?limit=${limit}`);
  expect(await response.json()).toMatchObject({ status: 400, type: "urn:millrace:problem:invalid-parameter" });
});

test("while Kafka is unavailable, publishing, reading and health report it", async () => {
  await using away = openEventsApp({ KAFKA_BOOTSTRAP_SERVERS: `127.0.0.1:${CLOSED_PORT}` });
  const topic = newTopic(away);
  expect((await publish(away, topic, { event_type: "first" })).status).toBe(503);
  expect((await away.app.request(`/api/v1/events/${topic}/latest`)).status).toBe(503);
  const health = await away.app.request("/api/v1/health");
  expect(health.status).toBe(503);
  expect(await health.json()).toMatchObject({ status: "failed", checks: { kafka: { status: "failed" } } });
});

test("while Redis is unavailable, events are published, but not with an Idempotency-Key", async () => {
  await using away = openEventsApp({ REDIS_PORT: CLOSED_PORT });
  const topic = newTopic(away);
  expect((await publish(away, topic, { event_type: "first" })).status).toBe(202);
  expect((await publish(away, topic, { event_type: "first" }, { "idempotency-key": "k" })).status).toBe(503);
  expect(await (await away.app.request("/api/v1/health")).json()).toMatchObject({ status: "degraded" });
});

test("health and metrics respond", async () => {
  expect(await (await api.app.request("/api/v1/health")).json()).toMatchObject({ status: "ok" });
  expect(await (await api.app.request("/api/v1/metrics")).text()).toContain("millrace_messages_total");
});
