import { setTimeout as sleep } from "node:timers/promises";
import { eventually, expectNoTimeoutWarnings, kafkaThrough, startProxy, uniqueName } from "@millrace/testbed";
import { expect, test } from "vitest";
import { collect, config, createTopic, offsetsOf, openWriter } from "./support.ts";

const write = await openWriter();

/** The group keeps a member that sends no heartbeat for this long. */
const SESSION_MS = 20_000;
const OUTAGE_MS = 2_000;
/** Far below what is left of the session after the outage. */
const RESUME_MAX_MS = 8_000;
expectNoTimeoutWarnings();

test("a consumer resumes when the broker is back, before the session of its lost member times out", async () => {
  const topic = await createTopic(1);
  const [broker = ""] = config.KAFKA_BOOTSTRAP_SERVERS;
  await using proxy = await startProxy(Number(broker.split(":").at(-1)));
  const settings = { ...config, KAFKA_SESSION_TIMEOUT_MS: SESSION_MS };
  await using consumer = await collect(uniqueName("group"), topic, { settings }, kafkaThrough(proxy.port));
  await write(topic, 1, 1);
  await eventually(() => offsetsOf(consumer.received)).toEqual([0]);
  for (const record of consumer.received) record.done();

  proxy.mode = "cut";
  await sleep(OUTAGE_MS);
  await eventually(() => consumer.patience.lines().some(({ status }) => status === "retry")).toBe(true);
  proxy.mode = "pass";
  const healedAtMs = performance.now();
  await write(topic, 1, 1);
  await eventually(() => offsetsOf(consumer.received), 2 * SESSION_MS).toContain(1);
  expect(performance.now() - healedAtMs).toBeLessThan(RESUME_MAX_MS);
});
