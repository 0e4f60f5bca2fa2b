import { once } from "node:events";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { schemaRegistrySettings } from "@millrace/connections";
import { createEventDecoder, type Event, eventSchema } from "@millrace/events";
import { openValueDecoder } from "@millrace/events/value-decoder";
import { createTopicReader, type ReadRecord, readRanges } from "@millrace/kafka";
import { readConfiguration } from "@millrace/shared";
import { expect, test } from "vitest";
import { z } from "zod";
import { openClients } from "../src/clients.ts";
import { millrace } from "./millrace.ts";

const generate = (...parameters: string[]) =>
  millrace(["generate", ...parameters], `cli_generate_${process.pid}`).finished;

test("to standard output: a line of JSON per event, the same for the same seed", async () => {
  const parameters = ["clickstream", "--count", "2500", "--seed", "7", "--duplicate", "5%", "--late", "5%"];
  const [first, second, other] = await Promise.all([
    generate(...parameters),
    generate(...parameters),
    generate("clickstream", "--count", "2500", "--seed", "8"),
  ]);
  expect(first).toMatchObject({ code: 0, stderr: expect.stringContaining("2500 events") });
  expect(first.stdout).toBe(second.stdout);
  expect(first.stdout).not.toBe(other.stdout);
  const events = first.stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(events).toHaveLength(2_500);
  expect(events.every((event) => eventSchema.safeParse(event).success)).toBe(true);
});

test("to Kafka: each event encoded by its schema, under its key, when it is due; invalid ones as plain JSON", async () => {
  process.env.EVENTS_FORMAT = "avro";
  const topic = `generated.${process.pid}`;
  const startedAtMs = performance.now();
  const finished = await generate(
    "transactions",
    "--to",
    "kafka",
    "--topic",
    topic,
    "--rate",
    "200",
    "--duration",
    "2s",
    "--invalid",
    "10%",
  );
  expect(finished).toMatchObject({ code: 0, stderr: expect.stringContaining("400 events") });
  expect(performance.now() - startedAtMs).toBeGreaterThan(1_900);
  await using clients = openClients(process.env, "test");
  const decoder = createEventDecoder(
    await openValueDecoder(readConfiguration(z.object(schemaRegistrySettings), process.env), clients.patience),
  );
  const records: ReadRecord[] = [];
  await using reader = createTopicReader(clients.kafka);
  for await (const record of readRanges(reader, topic, (await reader.ranges(topic)) ?? [])) records.push(record);
  expect(records).toHaveLength(400);
  let invalid = 0;
  for (const { key, value } of records) {
    const decoded = await decoder.decode(value ?? Buffer.of());
    if ("value" in decoded) expect(String(key)).toBe(decoded.value.user_id);
    else expect(JSON.parse(String(value))).toMatchObject({ event_id: expect.any(String) });
    invalid += "fault" in decoded ? 1 : 0;
  }
  expect(invalid).toBeGreaterThan(10);
  expect(invalid).toBeLessThan(90);
});

/** The api's response to events, without the api. */
async function eventsServer(statuses: number[], delayMs = 0) {
  const requests: { path: string; headers: IncomingHttpHeaders; events: Event[] }[] = [];
  const server = createServer(async (request, response) => {
    const events = (await json(request)) as Event[];
    requests.push({ path: request.url ?? "", headers: request.headers, events });
    await sleep(delayMs);
    response.writeHead(statuses.shift() ?? 200, { "content-type": "application/json" });
    const errors = events.filter((event) => !eventSchema.safeParse(event).success);
    response.end(JSON.stringify({ errors }));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    requests,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => void server.close(),
  };
}

test("to the api: in batches, with the token, and retried under the same idempotency key without a response", async () => {
  await using api = await eventsServer([200, 503, 200]);
  const finished = await generate(
    "iot",
    "--to",
    "api",
    "--url",
    api.url,
    "--topic",
    "a b",
    "--token",
    "secret",
    "--no-pace",
    "--count",
    "2500",
    "--invalid",
    "1%",
  );
  expect(finished.code).toBe(0);
  expect(finished.stderr).toMatch(/\d+ refused/);
  expect(api.requests.map(({ events }) => events.length)).toEqual([1_000, 1_000, 1_000, 500]);
  const keys = api.requests.map(({ headers }) => headers["idempotency-key"]);
  expect(keys[1]).toBe(keys[2]);
  expect(new Set(keys).size).toBe(3);
  expect(api.requests[2]?.events).toEqual(api.requests[1]?.events);
  expect(api.requests[0]).toMatchObject({ path: "/api/v1/events/a%20b", headers: { authorization: "Bearer secret" } });
});

test("a valid event that the api refuses is a failure", async () => {
  await using api = await eventsServer([401]);
  const finished = await generate("iot", "--to", "api", "--url", api.url, "--no-pace", "--count", "10");
  expect(finished).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("10 refused; last reason: the api answered 401"),
  });
});

test("shows that it waits for a response", async () => {
  await using api = await eventsServer([200], 5_500);
  const finished = await generate("iot", "--to", "api", "--url", api.url, "--no-pace", "--count", "10");
  expect(finished).toMatchObject({ code: 0, stderr: expect.stringMatching(/^0%: 0 events, .*, no answer for \d s$/m) });
});

test.each([
  [["iot", "--late", "60%", "--invalid", "50%"], "add up to more than 100%"],
  [["iot", "--shape", "ramp", "--count", "5"], "--shape ramp needs a --duration"],
  [["weather"], "Allowed choices are iot, clickstream, transactions"],
  [["iot", "--users", "0"], "Not a whole number from 1 to 1000000"],
])("%j is refused with the reason", async (parameters, reason) => {
  expect(await generate(...parameters)).toMatchObject({ code: 1, stderr: expect.stringContaining(reason) });
});
