import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createKafka } from "@millrace/kafka";
import { openPostgres } from "@millrace/postgres";
import { type DeadLetter, type Log, readConfiguration } from "@millrace/shared";
import { testEnvironment } from "@millrace/testbed";
import { afterAll, expect, test } from "vitest";
import { sinkConfig } from "../src/config.ts";
import { documentIds } from "../src/document-id.ts";
import { PostgresAuditLog } from "../src/postgres/audit-log.ts";
import { CLOSED_PORT, testPatience } from "./support.ts";

const letter: DeadLetter = {
  origin: { topic: "messages", partition: 3, offset: 1, timestampMs: 1 },
  key: null,
  value: Buffer.from("refused"),
  headers: [],
  fault: { kind: "poison", code: "too_long", cause: "it is too long" },
  stage: "ingest",
  attempts: 1,
  failedAt: new Date().toISOString(),
};

const closing: (() => Promise<void>)[] = [];
afterAll(() => Promise.all(closing.map((close) => close())));

function start(environment: NodeJS.ProcessEnv) {
  const file = join(import.meta.dirname, "..", "src", "prepare.ts");
  return spawn(process.execPath, ["--conditions=millrace", file], {
    env: environment,
    stdio: ["ignore", "pipe", "inherit"],
  });
}

async function exitCode(child: ReturnType<typeof start>): Promise<number | null> {
  child.stdout.resume();
  const [code] = await once(child, "exit");
  return code;
}

async function topicsOf(environment: NodeJS.ProcessEnv, log: Log): Promise<string[]> {
  const admin = createKafka(readConfiguration(sinkConfig, environment), "test", log).admin();
  await admin.connect();
  closing.push(() => admin.disconnect());
  return admin.listTopics();
}

test("makes the table and the topics, even where the processes may not, and again changes nothing", async () => {
  const environment = testEnvironment({ KAFKA_CREATE_TOPICS: "false", POSTGRES_MIGRATE: "false" });
  const config = readConfiguration(sinkConfig, environment);
  const patience = testPatience();
  expect(await exitCode(start(environment))).toBe(0);
  expect(await exitCode(start(environment))).toBe(0);

  const pool = openPostgres(config, patience);
  closing.push(() => pool.end());
  expect((await pool.query(`SELECT count(*)::int AS rows FROM "${config.POSTGRES_SCHEMA}".demo_log`)).rows).toEqual([
    { rows: 0 },
  ]);
  const topics = [...config.KAFKA_TOPICS, config.BATCHES_TOPIC, config.VECTORS_TOPIC, config.DEAD_LETTERS_TOPIC];
  expect(await topicsOf(environment, patience.log)).toEqual(expect.arrayContaining(topics));
});

test("what it made serves a process that may only read and write it", async () => {
  const environment = testEnvironment();
  const { POSTGRES_SCHEMA: schema } = readConfiguration(sinkConfig, environment);
  const owner = openPostgres(readConfiguration(sinkConfig, environment), testPatience());
  closing.push(() => owner.end());
  const user = `writer_${schema}`;
  // As docs/deploy.md says, before there is a table.
  await owner.query(`CREATE SCHEMA "${schema}"; CREATE USER "${user}" PASSWORD 'writer';
    GRANT USAGE ON SCHEMA "${schema}" TO "${user}";
    ALTER DEFAULT PRIVILEGES IN SCHEMA "${schema}" GRANT SELECT, INSERT, UPDATE ON TABLES TO "${user}"`);
  expect(await exitCode(start(environment))).toBe(0);

  const limited = { ...environment, POSTGRES_USER: user, POSTGRES_PASSWORD: "writer" };
  const writer = openPostgres(readConfiguration(sinkConfig, limited), testPatience());
  closing.push(() => writer.end());
  const audit = new PostgresAuditLog(writer, "documents", documentIds.offset);
  expect((await audit.recordRefused([letter], new AbortController().signal)).failed).toEqual([]);
  expect((await writer.query("SELECT error_code FROM demo_log")).rows).toEqual([{ error_code: "too_long" }]);
  await expect(writer.query("CREATE TABLE another (id int)")).rejects.toThrow("permission denied");
});

test("stopped before it has finished, it does not say that it has", async () => {
  const child = start(testEnvironment({ POSTGRES_PORT: String(CLOSED_PORT), SHUTDOWN_TIMEOUT_MS: "200" }));
  // Its first line says that it has begun.
  await once(child.stdout, "data");
  child.kill("SIGTERM");
  expect(await exitCode(child)).toBe(1);
});
