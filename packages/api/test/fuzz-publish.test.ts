import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTopics, isolated, openTestApp, postJson, until } from "./support.ts";

const api = openTestApp({ ...isolated(), PUBLISH_MAX_BYTES: "4000", PUBLISH_MAX_MESSAGES: "5" });
const [messages = ""] = api.config.KAFKA_TOPICS;

beforeAll(async () => {
  await createTopics(api.config, api.config.KAFKA_TOPICS);
  await until(async () => (await api.app.request("/publish", postJson({ text: "ready?" }))).status === 202);
});
afterAll(() => api[Symbol.asyncDispose]());

/** Nearly right messages, so that most of the inputs get past the JSON parser. */
const message = fc.record(
  {
    text: fc.oneof(fc.string({ maxLength: 30 }), fc.jsonValue({ maxDepth: 1 })),
    value: fc.jsonValue({ maxDepth: 2 }),
    key: fc.oneof(fc.string({ maxLength: 10 }), fc.integer()),
    topic: fc.constantFrom(messages, "another", ""),
    headers: fc.oneof(
      fc.dictionary(fc.string({ maxLength: 5 }), fc.string({ maxLength: 5 }), { maxKeys: 3 }),
      fc.integer(),
    ),
    surplus: fc.boolean(),
  },
  { requiredKeys: [] },
);
const body = fc.oneof(
  message.map((each) => JSON.stringify(each)),
  fc.array(message, { maxLength: 7 }).map((each) => JSON.stringify(each)),
  fc.json({ maxDepth: 3 }),
  fc.string({ maxLength: 200 }),
  fc.constantFrom("[".repeat(3_000), "x".repeat(5_000), '{"text":"a","text":"b"}', '{"__proto__":{"text":"x"}}', ""),
);
const contentType = fc.constantFrom(
  "application/json",
  "application/json; charset=utf-8",
  "text/plain",
  "application/xml",
  "",
);

test("20,000 bodies: each is published or refused with a problem that has the cause, and none is a 500", async () => {
  const statuses = new Map<number, number>();
  const property = fc.asyncProperty(body, contentType, async (text, type) => {
    const response = await api.app.request("/publish", {
      method: "POST",
      body: text,
      headers: { "content-type": type },
    });
    statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1);
    expect([202, 400, 413, 415, 422]).toContain(response.status);
    const answer = (await response.json()) as { messages?: unknown[] };
    if (response.status === 202) expect(answer.messages?.length).toBeGreaterThan(0);
    else
      expect(answer).toMatchObject({ status: response.status, type: expect.any(String), detail: expect.any(String) });
  });
  await fc.assert(property, { numRuns: 20_000 });
  // The inputs reach every outcome.
  expect([...statuses.keys()].sort()).toEqual([202, 400, 413, 415, 422]);
}, 180_000);
