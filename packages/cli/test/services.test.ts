import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { connectProducer, ensureTopics } from "@millrace/kafka";
import { isolated } from "@millrace/stack";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openClients } from "../src/clients.ts";
import { migrate } from "./demo-log.ts";
import { millrace } from "./millrace.ts";

// Commands report a service that is unreachable, refuses, or lacks something in one line, without a stack trace.
const suffix = `cli_services_${process.pid}`;
const environment = { ...process.env, ...isolated(suffix) };
const clients = openClients(environment, "test");
const topic = environment.KAFKA_TOPICS;
const message = `${topic}-0-0`;

const closed = {
  kafka: { KAFKA_BOOTSTRAP_SERVERS: "127.0.0.1:1" },
  postgres: { POSTGRES_PORT: "1" },
  opensearch: { OPENSEARCH_ENDPOINT: "http://127.0.0.1:1" },
  redis: { REDIS_PORT: "1" },
};
const named = {
  kafka: "Kafka at 127.0.0.1:1 (KAFKA_BOOTSTRAP_SERVERS): ",
  postgres: "PostgreSQL at 127.0.0.1:1 (POSTGRES_HOST, POSTGRES_PORT): ",
  opensearch: "OpenSearch at 127.0.0.1:1 (OPENSEARCH_ENDPOINT): ",
  redis: "Redis at 127.0.0.1:1 (REDIS_HOST, REDIS_PORT): ",
};

beforeAll(async () => {
  await migrate(clients);
  await ensureTopics(clients.kafka, [{ topic, partitions: 1 }], 1, clients.patience);
  await using producer = await connectProducer(clients.kafka, clients.patience);
  await producer.send(topic, [{ value: Buffer.from("a text"), partition: 0 }]);
});

afterAll(async () => {
  await clients.postgres.query(`DROP SCHEMA ${clients.config.POSTGRES_SCHEMA} CASCADE`);
  await clients[Symbol.asyncDispose]();
});

test.each([
  ["verify", "kafka", ["verify"]],
  ["verify", "postgres", ["verify"]],
  ["verify", "opensearch", ["verify"]],
  ["trace", "kafka", ["trace", message]],
  ["trace", "postgres", ["trace", message]],
  ["cost", "kafka", ["cost"]],
  ["dead-letters list", "kafka", ["dead-letters", "list"]],
  ["dead-letters replay", "kafka", ["dead-letters", "replay", "--all"]],
  ["generate", "kafka", ["generate", "iot", "--to", "kafka", "--count", "2"]],
] as const)("%s with nothing at the address of %s", async (_, service, parameters) => {
  const { code, stdout, stderr } = await millrace(parameters, suffix, closed[service]).finished;
  expect(stderr).toMatch(/^[^\n]+\n$/);
  expect(stderr).toContain(named[service]);
  expect(stderr).toContain("connect ECONNREFUSED 127.0.0.1:1");
  expect(stderr).toContain("`millrace doctor`");
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
});

test.each([["verify"], ["trace", message]])("%s with a user whom PostgreSQL refuses", async (...parameters) => {
  const { code, stderr } = await millrace(parameters, suffix, { POSTGRES_USER: "nobody" }).finished;
  expect(stderr).toMatch(/^PostgreSQL at [^\n]+ refused the user name or password\.[^\n]+POSTGRES_PASSWORD[^\n]+\n$/);
  expect(code).toBe(1);
});

test("verify with a password that OpenSearch refuses", async () => {
  const server = createServer((_, response) => void response.writeHead(401).end("Unauthorized"));
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  const { code, stderr } = await millrace(["verify"], suffix, { OPENSEARCH_ENDPOINT: `http://127.0.0.1:${port}` })
    .finished;
  server.close();
  expect(stderr).toMatch(/^OpenSearch at [^\n]+ OpenSearch refused the user name or password[^\n]+\n$/);
  expect(code).toBe(1);
});

test("trace without Redis shows what Kafka and PostgreSQL hold, and what is missing", async () => {
  const { code, stdout } = await millrace(["trace", message], suffix, closed.redis).finished;
  expect(stdout).toContain("6 bytes");
  expect(stdout).toContain(`no progress recorded: ${named.redis}`);
  expect(stdout).toContain("no row in demo_log yet");
  expect(code).toBe(0);
  const { stdout: json } = await millrace(["trace", message, "--json"], suffix, closed.redis).finished;
  expect(JSON.parse(json)).toMatchObject({
    record: { bytes: 6 },
    progressFailure: expect.stringContaining("REDIS_PORT"),
  });
});

test("cost without Redis reports the cache as unknown", async () => {
  const { code, stdout } = await millrace(["cost", "--json"], suffix, closed.redis).finished;
  expect(JSON.parse(stdout)).toMatchObject({ messages: 1, cached: null });
  expect(code).toBe(0);
});

test.each([
  ["verify", "--topic", "nosuch"],
  ["cost", "--topic", "nosuch"],
])("%s with a topic that does not exist", async (...parameters) => {
  const { code, stderr } = await millrace(parameters, suffix).finished;
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: "Topic nosuch does not exist: name an existing one with --topic.\n",
  });
});

test("trace with a topic that does not exist", async () => {
  const { code, stderr } = await millrace(["trace", "nosuch-0-0"], suffix).finished;
  expect(stderr).toMatch(/^Topic nosuch does not exist: [^\n]+\n$/);
  expect(code).toBe(1);
});

test("generate stops if the brokers refuse the topic, or if it is missing and may not be created", async () => {
  const generate = (name: string, variables = {}) =>
    millrace(["generate", "iot", "--to", "kafka", "--topic", name, "--count", "2"], suffix, variables).finished;
  const refused = await generate("bad topic");
  expect(refused.stderr).toMatch(/^Kafka does not create the topic bad topic \(INVALID_TOPIC_EXCEPTION\)[^\n]+\n$/);
  expect(refused.code).toBe(1);
  const missing = await generate("nosuch", { KAFKA_CREATE_TOPICS: "false" });
  expect(missing).toMatchObject({ code: 1, stderr: expect.stringContaining("Topic nosuch does not exist") });
});

test.each([["verify"], ["cost"], ["trace", message], ["dead-letters", "list"], ["generate", "iot", "--to", "kafka"]])(
  "%s with an invalid configuration exits with 78",
  async (...parameters) => {
    const { code, stderr } = await millrace(parameters, suffix, { KAFKA_BOOTSTRAP_SERVERS: "no-port" }).finished;
    expect(stderr).toMatch(/^The configuration has a problem:\n {2}KAFKA_BOOTSTRAP_SERVERS is refused: [^\n]+\n$/);
    expect(code).toBe(78);
  },
);
