import { connect } from "node:net";
import { createKafka, ensureTopics } from "@millrace/kafka";
import { Log, messageId, serveHttp } from "@millrace/shared";
import { testPatience } from "@millrace/testbed";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bodyOf, CLOSED_PORT, createTopics, isolated, openTestApp, postJson, recordsIn, until } from "./support.ts";

const api = openTestApp({
  ...isolated(),
  PUBLISH_MAX_BYTES: "200000",
  PUBLISH_MAX_MESSAGES: "50",
  PUBLISH_MESSAGE_MAX_BYTES: "20000",
});
const [messages = "", orders = ""] = api.config.KAFKA_TOPICS;

beforeAll(async () => {
  await createTopics(api.config, [messages, orders]);
  await until(async () => (await publish({ text: "is it connected?" })).status === 202);
});
afterAll(() => api[Symbol.asyncDispose]());

async function publish(body: unknown): Promise<Response> {
  return await api.app.request("/publish", postJson(body));
}

type Place = { topic: string; partition: number; offset: number; id: string };
interface Published {
  messages: Place[];
}
interface Refusal {
  type: string;
  detail: string;
  instance: string;
  errors: { path: string; message: string }[];
  /** After a partial success. */
  messages: (Place | null)[];
}

interface Stored {
  key: string | null;
  value: string;
  headers: Record<string, string>;
}

/** What Kafka holds, by id. */
async function readBack(topic: string): Promise<Map<string, Stored>> {
  const records = await recordsIn(api.config, topic);
  return new Map(
    records.map((record) => {
      const headers = Object.fromEntries(record.headers.map(([name, value]) => [name, String(value)]));
      return [
        messageId(record),
        { key: record.key?.toString() ?? null, value: record.value?.toString() ?? "", headers },
      ];
    }),
  );
}

async function countOf(topic: string): Promise<number> {
  const admin = createKafka(api.config, "counter", new Log("test", { level: "error" })).admin();
  await admin.connect();
  const offsets = await admin.fetchTopicOffsets(topic);
  await admin.disconnect();
  return offsets.reduce((sum, { high }) => sum + Number(high), 0);
}

test("messages are in Kafka at the returned positions, in the request's order", async () => {
  const response = await publish([
    { text: "plain", key: "k1", headers: { source: "tést" } },
    { value: { a: [1, null] }, topic: orders },
    { value: null },
    { text: "plain", key: "k1" },
  ]);
  expect(response.status).toBe(202);
  const { messages: placed } = await bodyOf<Published>(response);
  expect(placed.map(({ topic }) => topic)).toEqual([messages, orders, messages, messages]);
  for (const { topic, partition, offset, id } of placed) expect(id).toBe(`${topic}-${partition}-${offset}`);
  expect(placed[3]?.partition).toBe(placed[0]?.partition);
  expect(placed[3]?.offset).toBeGreaterThan(placed[0]?.offset ?? Number.NaN);
  const stored = new Map([...(await readBack(messages)), ...(await readBack(orders))]);
  expect(placed.map(({ id }) => stored.get(id))).toEqual([
    { key: "k1", value: "plain", headers: { source: "tést" } },
    { key: null, value: '{"a":[1,null]}', headers: {} },
    { key: null, value: "null", headers: {} },
    { key: "k1", value: "plain", headers: {} },
  ]);
});

test("a batch too large for one produce request is split and keeps its order", async () => {
  const texts = Array.from({ length: 9 }, (_, index) => `${index}`.repeat(15_000));
  const response = await publish(texts.map((text) => ({ text, key: "same", topic: orders })));
  expect(response.status).toBe(202);
  const { messages: placed } = await bodyOf<Published>(response);
  const stored = await readBack(orders);
  expect(placed.map(({ id }) => stored.get(id)?.value)).toEqual(texts);
  const offsets = placed.map(({ offset }) => offset);
  expect(offsets).toEqual([...offsets].sort((one, other) => one - other));
});

test("a published message can be followed immediately", async () => {
  const { messages: placed } = await bodyOf<Published>(await publish({ text: "follow me" }));
  let status: Response | undefined;
  await until(async () => {
    status = await api.app.request(`/status/${placed[0]?.id}`);
    return status.status === 200;
  });
  expect(await status?.json()).toMatchObject({ id: placed[0]?.id, state: "published" });
});

test("a body of plain text is one message", async () => {
  const response = await api.app.request("/publish", {
    method: "POST",
    headers: { "content-type": "text/plain; charset=utf-8" },
    body: "naïve café",
  });
  expect(response.status).toBe(202);
  const { messages: placed } = await bodyOf<Published>(response);
  expect((await readBack(messages)).get(placed[0]?.id ?? "")?.value).toBe("naïve café");
});

test("one invalid message refuses the request, each fault has its path, and nothing is published", async () => {
  const before = await countOf(messages);
  const response = await publish([
    { text: "good" },
    { text: 7 },
    { text: "good", value: 1 },
    {},
    { text: "good", color: "red" },
    { text: "good", topic: "elsewhere" },
    { text: "\ud800" },
    { text: "good", headers: { source: 1 } },
    "bare",
  ]);
  expect(response.status).toBe(422);
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  const problem = await bodyOf<Refusal>(response);
  expect(problem).toMatchObject({ type: "urn:millrace:problem:invalid-body", instance: "/publish" });
  const paths = problem.errors.map(({ path }) => path);
  expect(paths).toEqual(["/1/text", "/2", "/3", "/4", "/5/topic", "/6/text", "/7/headers/source", "/8"]);
  expect(await countOf(messages)).toBe(before);
});

test.each([
  ["an empty array", [], ""],
  ["too many messages", Array.from({ length: 51 }, () => ({ text: "x" })), ""],
  ["a message that is too long", { text: "x".repeat(20_001) }, ""],
  ["a later message that is too long", [{ text: "x" }, { value: "x".repeat(20_000) }], "/1"],
  ["an unknown topic", { text: "x", topic: "elsewhere" }, "/topic"],
  ["an unknown field", { text: "x", partition: 1 }, ""],
  ["a number", 7, ""],
  ["null", null, ""],
])("%s is refused", async (_name, body, path) => {
  const response = await publish(body);
  expect(response.status).toBe(422);
  expect((await bodyOf<Refusal>(response)).errors).toEqual([{ path, message: expect.any(String) }]);
});

test("JSON that is nested too deeply is refused", async () => {
  const body = `{"value":${"[".repeat(90_000)}${"]".repeat(90_000)}}`;
  const response = await api.app.request("/publish", { ...postJson(null), body });
  expect(response.status).toBe(422);
  expect((await bodyOf<Refusal>(response)).errors).toEqual([{ path: "/value", message: "is nested too deeply" }]);
});

test.each([
  ["text that is no JSON", "application/json", Buffer.from('{"text": "secret'), 400, "malformed-body"],
  ["an empty body", "application/json", Buffer.alloc(0), 400, "malformed-body"],
  ["bytes that are no UTF-8", "application/json", Buffer.from([0x22, 0xff, 0x22]), 400, "malformed-body"],
  ["plain text that is no UTF-8", "text/plain", Buffer.from([0xff]), 400, "malformed-body"],
  ["another content type", "application/xml", Buffer.from("<a/>"), 415, "unsupported-media-type"],
  ["a form", "application/x-www-form-urlencoded", Buffer.from("text=a"), 415, "unsupported-media-type"],
])("%s is refused", async (_name, contentType, body, status, kind) => {
  const response = await api.app.request("/publish", {
    method: "POST",
    headers: { "content-type": contentType },
    body,
  });
  expect(response.status).toBe(status);
  const text = await response.text();
  expect(JSON.parse(text)).toMatchObject({ type: `urn:millrace:problem:${kind}`, status });
  expect(text).not.toContain("secret");
});

test("a body without a content type is refused", async () => {
  const response = await api.app.request("/publish", { method: "POST", body: Buffer.from('{"text":"a"}') });
  expect(response.status).toBe(415);
});

test("a body over the limit is refused, with and without a Content-Length", async () => {
  await using server = await serveHttp({ fetch: (request) => api.app.fetch(request) }, "127.0.0.1", 0);
  const url = `http://127.0.0.1:${server.port}/publish`;
  const body = JSON.stringify({ text: "x".repeat(200_000) });
  const headers = { "content-type": "application/json" };
  const whole = await fetch(url, { method: "POST", headers, body });
  expect(whole.status).toBe(413);
  expect(await whole.json()).toMatchObject({ type: "urn:millrace:problem:too-large", status: 413 });
  const chunked = await fetch(url, { method: "POST", headers, body: streamOf(body), duplex: "half" });
  expect(chunked.status).toBe(413);
  expect(await chunked.json()).toMatchObject({ type: "urn:millrace:problem:too-large", status: 413 });
});

function streamOf(text: string): ReadableStream<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  let position = 0;
  return new ReadableStream({
    pull(controller) {
      if (position >= bytes.length) return controller.close();
      controller.enqueue(bytes.subarray(position, position + 16_384));
      position += 16_384;
    },
  });
}

test("a client that disconnects in the middle of its body is not a 500", async () => {
  await using server = await serveHttp({ fetch: (request) => api.app.fetch(request) }, "127.0.0.1", 0);
  const before = api.lines().length;
  const socket = connect(server.port, "127.0.0.1");
  socket.write("POST /publish HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{");
  await new Promise((resolve) => setTimeout(resolve, 100));
  socket.destroy();
  await until(async () => api.lines().length > before);
  expect(
    api
      .lines()
      .slice(before)
      .map(({ status }) => status),
  ).not.toContain("failed");
});

test("while Kafka is unavailable the response is a 503, in time", async () => {
  await using away = openTestApp({ ...isolated(), KAFKA_BOOTSTRAP_SERVERS: `127.0.0.1:${CLOSED_PORT}` });
  const response = await away.app.request("/publish", postJson([{ text: "a" }, { text: "b" }]));
  expect(response.status).toBe(503);
  expect(Number(response.headers.get("retry-after"))).toBeGreaterThan(0);
  expect(await response.json()).toMatchObject({
    type: "urn:millrace:problem:unavailable",
    detail: expect.stringContaining("0 of 2 messages were published"),
    messages: [null, null],
  });
});

test("if one of two topics fails, the response shows the published messages", async () => {
  const missing = `missing-${crypto.randomUUID()}`;
  await using half = openTestApp({ ...isolated(), KAFKA_TOPICS: `${messages},${missing}` });
  let response = new Response();
  await until(async () => {
    response = await half.app.request("/publish", postJson([{ text: "lost", topic: missing }, { text: "kept" }]));
    return (await bodyOf<Refusal>(response.clone())).messages[1] !== null;
  });
  expect(response.status).toBe(503);
  const problem = await bodyOf<Refusal>(response);
  expect(problem.detail).toContain("1 of 2 messages were published");
  expect(problem.messages).toEqual([null, expect.objectContaining({ topic: messages })]);
});

test("messages with large headers, published concurrently, are batched into requests that Kafka accepts", async () => {
  await using large = openTestApp(isolated());
  const patience = testPatience();
  // The default of brokers; the stack's accept more.
  const topics = large.config.KAFKA_TOPICS.map((topic) => ({ topic, partitions: 1, maxMessageBytes: 1_048_588 }));
  await ensureTopics(createKafka(large.config, "test", patience.log), topics, 1, patience);
  await until(async () => (await large.app.request("/publish", postJson({ text: "is it connected?" }))).status === 202);
  const body = { text: "small", headers: { large: "x".repeat(600_000) } };
  const answers = await Promise.all([1, 2, 3, 4].map(() => large.app.request("/publish", postJson(body))));
  expect(answers.map(({ status }) => status)).toEqual([202, 202, 202, 202]);
});
