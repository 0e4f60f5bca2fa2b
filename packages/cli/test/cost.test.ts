import { firstConnection, openRedis, redisSettings } from "@millrace/connections";
import { tokensOf } from "@millrace/ingest";
import { connectProducer, ensureTopics } from "@millrace/kafka";
import { readConfiguration, vectorKeys } from "@millrace/shared";
import { isolated } from "@millrace/stack";
import { beforeAll, expect, it } from "vitest";
import { z } from "zod";
import { openClients } from "../src/clients.ts";
import { millrace } from "./millrace.ts";

const suffix = `cli_cost_${process.pid}`;
const environment = { ...process.env, ...isolated(suffix) };
const topic = environment.KAFKA_TOPICS;

/** Of every other one, a server counts a quarter of its bytes, which is more than its tokens. */
const distinct = Array.from({ length: 300 }, (_, index) =>
  index % 2 === 0
    ? `The card to my landlord has not arrived, case ${index}.`
    : `Internationalization notwithstanding ${index}`,
);
const repeated = distinct.slice(0, 100);
const cached = distinct.slice(50, 250);
const unpaid = [...distinct.slice(0, 50), ...distinct.slice(250)];
const tokens = (texts: readonly string[]): number => texts.reduce((sum, text) => sum + tokensOf(text), 0);
const charged = (texts: readonly string[]): number =>
  texts.reduce((sum, text) => sum + Math.max(tokensOf(text), Math.ceil(Buffer.byteLength(text) / 4)), 0);
const dollars = (amount: number, price: number) => expect.closeTo((amount * price) / 1_000_000, 12);

beforeAll(async () => {
  await using clients = openClients(environment, "test");
  await ensureTopics(clients.kafka, [{ topic, partitions: 2 }], 1, clients.patience);
  await using producer = await connectProducer(clients.kafka, clients.patience);
  const records = [...distinct, ...repeated].map((text) => ({ value: Buffer.from(text) }));
  await producer.send(topic, [...records, { value: Buffer.alloc(0) }, { value: null }]);
  const config = readConfiguration(z.object(redisSettings), environment);
  const redis = openRedis(config, clients.patience);
  const keyOf = vectorKeys({
    keyPrefix: environment.REDIS_KEY_PREFIX,
    model: "text-embedding-3-small",
    dimensions: 1_536,
  });
  await firstConnection(redis, config);
  for (const text of cached) await redis.set(keyOf(Buffer.from(text)), "a vector", "EX", 600);
  redis.disconnect();
});

function cost(...parameters: string[]) {
  return millrace(["cost", "--dry-run", ...parameters], suffix).finished;
}

it("estimates the cost of a topic, and what repetitions and the cache save", async () => {
  const { code, stdout } = await cost("--json");
  expect(code).toBe(0);
  expect(charged(unpaid)).toBeGreaterThan(1.2 * tokens(unpaid));
  const [all, once] = [tokens([...distinct, ...repeated]), tokens(distinct)];
  expect(JSON.parse(stdout)).toMatchObject({
    topic,
    messages: 402,
    withoutText: 2,
    all: { texts: 400, tokens: all },
    distinct: { texts: 300, tokens: once },
    cached: { texts: 200, tokens: tokens(cached) },
    chargedTokens: charged(unpaid),
    isPartial: false,
    models: [
      { model: "text-embedding-3-small", usdWithoutCache: dollars(all, 0.02), usd: dollars(tokens(unpaid), 0.02) },
      { model: "text-embedding-3-large", usdWithoutCache: dollars(all, 0.13), usd: dollars(once, 0.13) },
      { model: "text-embedding-ada-002" },
    ],
  });
});

it("accepts another price, and prints a table", async () => {
  const { code, stdout } = await cost("--topic", topic, "--price", "10");
  expect(code).toBe(0);
  expect(stdout).toContain(`${topic}: 402 messages, 2 of them without text to embed`);
  expect(stdout).toMatch(/in the cache +200 +/);
  const toPay = ((tokens(unpaid) * 10) / 1_000_000).toFixed(6);
  expect(stdout).toMatch(new RegExp(`text-embedding-3-small +configured +10\\.00 .* ${toPay}\n`));
});

it("reads only a range of time", async () => {
  const messagesOf = async (...time: string[]) => JSON.parse((await cost("--json", ...time)).stdout).messages;
  expect(await messagesOf("--from", "1h")).toBe(402);
  expect(await messagesOf("--until", "1h")).toBe(0);
  expect(await messagesOf("--from", "2030-01-01T00:00:00Z")).toBe(0);
});

it("refuses an invalid price with the reason", async () => {
  expect(await cost("--price", "cheap")).toMatchObject({ code: 1, stderr: expect.stringContaining("such as 0.02") });
});
