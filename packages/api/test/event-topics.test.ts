import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { KafkaAdmin } from "@millrace/kafka";
import { kafkaThrough, startProxy } from "@millrace/testbed";
import { afterAll, expect, test } from "vitest";
import { createEventTopics } from "../src/events/topics.ts";
import { openEventsApp, publish, published } from "./events-support.ts";
import { bodyOf } from "./support.ts";

const suffix = randomUUID();
const EVENTS_TOPIC_PATTERN = `[a-z]+[._-]${suffix}`;
const api = openEventsApp({ EVENTS_TOPIC_PATTERN });
afterAll(() => api[Symbol.asyncDispose]());

interface Problem {
  type: string;
  detail: string;
  errors?: { path: string; message: string }[];
}

test("a name that collides with another topic's ('.' against '_') is a 400 that says so, and blocks no other topic", async () => {
  await published(api, `a_${suffix}`, { event_type: "first" });
  const [refused, other] = await Promise.all([
    publish(api, `a.${suffix}`, { event_type: "first" }),
    publish(api, `b-${suffix}`, { event_type: "first" }),
  ]);
  expect(refused.status).toBe(400);
  const { type, errors } = await bodyOf<Problem>(refused);
  expect(type).toBe("urn:millrace:problem:invalid-parameter");
  expect(errors).toEqual([{ path: "topic", message: expect.stringContaining("more than '.' and '_'") }]);
  expect(other.status).toBe(202);
});

test("a replication factor above the number of brokers is a 503 that names it, and blocks no existing topic", async () => {
  await using wide = openEventsApp({ EVENTS_TOPIC_PATTERN, KAFKA_REPLICATION_FACTOR: "3" });
  await published(api, `there-${suffix}`, { event_type: "first" });
  const [refused, other] = await Promise.all([
    publish(wide, `wide-${suffix}`, { event_type: "first" }),
    publish(wide, `there-${suffix}`, { event_type: "second" }),
  ]);
  expect(other.status).toBe(202);
  expect(refused.status).toBe(503);
  const { type, detail } = await bodyOf<Problem>(refused);
  expect(type).toBe("urn:millrace:problem:topic-refused");
  expect(detail).toContain("set KAFKA_REPLICATION_FACTOR");
});

test("a timed-out creation blocks no other, and is not repeated later", async () => {
  await using proxy = await startProxy(Number(api.config.KAFKA_BOOTSTRAP_SERVERS[0]?.split(":")[1]));
  await using admin = new KafkaAdmin(kafkaThrough(proxy.port));
  const topics = createEventTopics(admin, api.config);
  const [late, other] = [`late-${suffix}`, `other-${suffix}`];
  await topics.exists(late);
  proxy.mode = "blackhole";
  const givenUp = expect(topics.ensure(late, AbortSignal.timeout(500))).rejects.toThrow(/timeout/);
  const created = topics.ensure(other, AbortSignal.timeout(20_000));
  await sleep(1_000);
  proxy.mode = "pass";
  expect(await created).toBe("there");
  await givenUp;
  expect(await topics.exists(late)).toBe(false);
});
