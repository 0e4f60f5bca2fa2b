import { connectProducer, createKafka } from "@millrace/kafka";
import { type DeadLetter, deadLetterHeaders, messageId } from "@millrace/shared";
import { CLOSED_PORT, testPatience } from "@millrace/testbed";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bodyOf, createTopics, isolated, openTestApp, postJson, recordsIn, until } from "./support.ts";

const api = openTestApp(isolated());
const { config } = api;
const patience = testPatience();
const kafka = createKafka(config, "test", patience.log);
const letters = [letter(7, "first"), letter(8, "second"), letter(7, "first, again")];

function letter(offset: number, text: string): DeadLetter {
  return {
    origin: { topic: config.KAFKA_TOPICS[0] ?? "", partition: 0, offset, timestampMs: 1_700_000_000_000 },
    ...{ key: Buffer.from("key"), value: Buffer.from(text), headers: [["trace", Buffer.from("abc")]] },
    fault: { kind: "poison", code: "rejected", cause: "the mapping refuses it" },
    ...{ stage: "sink", attempts: 2, failedAt: new Date(1_700_000_000_000 + offset).toISOString() },
  };
}

beforeAll(async () => {
  const source = config.KAFKA_TOPICS[0] ?? "";
  await createTopics(config, [source, config.DEAD_LETTERS_TOPIC, config.REPLAY_TOPIC]);
  await using producer = await connectProducer(kafka, patience);
  for (const each of letters) {
    const record = { key: each.key, value: each.value, headers: deadLetterHeaders(each), partition: 0 };
    await producer.send(config.DEAD_LETTERS_TOPIC, [record]);
  }
  // The producer of the api connects in the background.
  await until(async () => "value" in (await api.edges.messageLog.append(source, [{ value: Buffer.of() }])));
});
afterAll(() => api[Symbol.asyncDispose]());

const idOf = (offset: number) => messageId(letter(offset, "").origin);

function replay(ids: readonly unknown[], headers: Record<string, string> = {}) {
  const init = postJson({ ids });
  return api.app.request("http://console.test/dead-letters/replay", {
    ...init,
    headers: { ...init.headers, ...headers },
  });
}

const replayed = () => recordsIn(config, config.REPLAY_TOPIC);

test("before the sink's first run there are none", async () => {
  const response = await api.app.request("/dead-letters");
  expect(response.status).toBe(200);
  expect(await bodyOf(response)).toEqual({ total: 0, deadLetters: [] });
});

test.each([
  ["no ids", [], 422],
  ["no id", ["nonsense"], 422],
  ["too many", Array.from({ length: 501 }, (_, offset) => `topic-0-${offset}`), 422],
  ["a body without end", Array.from({ length: 1_000 }, () => "x".repeat(300)), 413],
  ["an unknown one", [idOf(8), idOf(99)], 404],
])("refuses %s, and replays nothing", async (_, ids, status) => {
  expect((await replay(ids)).status).toBe(status);
  expect(await replayed()).toEqual([]);
});

test("while Kafka is unavailable a replay is a 503, not a 404, and nothing is replayed", async () => {
  await using away = openTestApp({ ...isolated(), KAFKA_BOOTSTRAP_SERVERS: `127.0.0.1:${CLOSED_PORT}` });
  const response = await away.app.request("/dead-letters/replay", postJson({ ids: [idOf(8)] }));
  expect(response.status).toBe(503);
  expect(await bodyOf(response)).toMatchObject({
    detail: expect.stringMatching(/ECONNREFUSED.*; nothing was replayed/),
  });
});

test.each([
  [{ "sec-fetch-site": "cross-site" }, 403],
  [{ "sec-fetch-site": "same-site", origin: "http://console.test" }, 403],
  [{ origin: "https://elsewhere.test" }, 403],
  [{ origin: "null" }, 403],
  // These pass the check and are refused for their content.
  [{ "sec-fetch-site": "same-origin", origin: "https://console.test" }, 422],
  [{ origin: "https://console.test" }, 422],
  [{}, 422],
])("a request with %j is a %i", async (headers: Record<string, string>, status) => {
  expect((await replay([], headers)).status).toBe(status);
});

test("replays the last dead letter of each message, unchanged and under its original id", async () => {
  expect((await replay([idOf(7), idOf(7)])).status).toBe(202);
  const [record, ...others] = await replayed();
  expect(others).toEqual([]);
  expect(record?.value?.toString()).toBe("first, again");
  expect(record?.key?.toString()).toBe("key");
  const headers = Object.fromEntries((record?.headers ?? []).map(([name, value]) => [name, value?.toString()]));
  expect(headers).toMatchObject({ trace: "abc", "millrace-dead-letter-offset": "7" });
  expect(api.lines()).toContainEqual(
    expect.objectContaining({ action: "api.replay", status: "ok", details: { messages: 1 } }),
  );
});
