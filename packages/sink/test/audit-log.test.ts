import { once } from "node:events";
import { type AddressInfo, connect as connectTo, createServer } from "node:net";
import { openPostgres, type Pool } from "@millrace/postgres";
import type { DeadLetter, Split } from "@millrace/shared";
import { afterAll, describe, expect, test, vi } from "vitest";
import type { SinkConfig } from "../src/config.ts";
import { documentIds } from "../src/document-id.ts";
import { PostgresAuditLog } from "../src/postgres/audit-log.ts";
import { migrate } from "../src/postgres/migrate.ts";
import { documents, tombstone, withText } from "./documents.ts";
import { CLOSED_PORT, testConfig, testPatience } from "./support.ts";

const pools: Pool[] = [];
afterAll(() => Promise.all(pools.map((pool) => pool.end())));

function connect(config: SinkConfig): Pool {
  const pool = openPostgres(config, testPatience());
  pools.push(pool);
  return pool;
}

const { signal } = new AbortController();

async function open() {
  const config = testConfig();
  const pool = connect(config);
  await migrate(pool, config.POSTGRES_SCHEMA);
  return { config, pool, audit: new PostgresAuditLog(pool, "documents", documentIds.offset) };
}

async function rows(pool: Pool): Promise<Record<string, unknown>[]> {
  return (await pool.query("SELECT * FROM demo_log ORDER BY kafka_partition, kafka_offset")).rows;
}

function letter(offset: number, value: Buffer | null = Buffer.from("refused")): DeadLetter {
  return {
    origin: { topic: "messages", partition: 3, offset, timestampMs: 1 },
    key: null,
    value,
    headers: [],
    fault: { kind: "poison", code: "too_long", cause: "it is too long" },
    stage: "ingest",
    attempts: 1,
    failedAt: new Date().toISOString(),
  };
}

describe("the migration", () => {
  test("makes demo_log with these columns and one row for each message", async () => {
    const { config, pool } = await open();
    const columns = await pool.query(
      "SELECT column_name FROM information_schema.columns WHERE table_schema = $1 AND table_name = 'demo_log' ORDER BY ordinal_position",
      [config.POSTGRES_SCHEMA],
    );
    expect(columns.rows.map(({ column_name }) => column_name)).toEqual([
      "id",
      "timestamp",
      "kafka_topic",
      "kafka_partition",
      "kafka_offset",
      "message_content",
      "embedding_model",
      "embedding_dimensions",
      "opensearch_index",
      "opensearch_doc_id",
      "log_level",
      "error_code",
      "error_cause",
    ]);
    const constraints = await pool.query(
      "SELECT pg_get_constraintdef(oid) AS definition FROM pg_constraint WHERE conrelid = 'demo_log'::regclass",
    );
    const definitions = constraints.rows.map(({ definition }) => String(definition));
    expect(definitions).toContain("UNIQUE (kafka_topic, kafka_partition, kafka_offset)");
    expect(definitions).toContain("PRIMARY KEY (id)");
  });

  test("a database of an earlier version gets what it lacks", async () => {
    const { config, pool } = await open();
    await pool.query("DROP INDEX demo_log_errors");
    await pool.query("DELETE FROM millrace_migrations WHERE name = '2_errors'");
    await migrate(pool, config.POSTGRES_SCHEMA);
    expect((await pool.query("SELECT to_regclass('demo_log_errors') AS index")).rows).toEqual([
      { index: "demo_log_errors" },
    ]);
  });

  test("may run in several processes at once, and again", async () => {
    const config = testConfig();
    const processes = [connect(config), connect(config), connect(config)];
    await Promise.all(processes.map((pool) => migrate(pool, config.POSTGRES_SCHEMA)));
    await migrate(processes[0] ?? connect(config), config.POSTGRES_SCHEMA);
    expect(await rows(connect(config))).toEqual([]);
  });
});

test("each stored message has a row with what was stored where", async () => {
  const { pool, audit } = await open();
  const batch = documents(3);
  expect(await audit.record(batch, signal)).toEqual({ done: batch, failed: [] });
  const [first, ...others] = await rows(pool);
  expect(others).toHaveLength(2);
  expect(first).toEqual({
    id: expect.any(String),
    timestamp: expect.any(Date),
    kafka_topic: "messages",
    kafka_partition: 3,
    kafka_offset: "0",
    message_content: "text 0",
    embedding_model: "test-model",
    embedding_dimensions: 4,
    opensearch_index: "documents",
    opensearch_doc_id: "messages-3-0",
    log_level: "INFO",
    error_code: null,
    error_cause: null,
  });
});

test("recording twice, or a message twice in one batch, makes one row", async () => {
  const { pool, audit } = await open();
  const batch = documents(5);
  await audit.record(batch, signal);
  const before = await rows(pool);
  expect((await audit.record([...batch, ...batch], signal)).failed).toEqual([]);
  expect(await rows(pool)).toEqual(before);
});

describe("two processes that record the same messages at once, in opposite orders, both succeed", () => {
  /** Each row takes a millisecond, so that the two statements surely overlap. */
  async function openSlow() {
    const { config, pool, audit } = await open();
    await pool.query(`
      CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.001); RETURN NEW; END $$;
      CREATE TRIGGER slow BEFORE INSERT ON demo_log FOR EACH ROW EXECUTE FUNCTION wait()`);
    return { pool, audit, other: new PostgresAuditLog(connect(config), "documents", documentIds.offset) };
  }
  function causesOf(splits: readonly Split<unknown>[]): string[] {
    return [...new Set(splits.flatMap(({ failed }) => failed.map(({ fault }) => fault.cause)))];
  }
  /** Of two topics with two partitions each. */
  const batch = ["letters", "messages"].flatMap((topic) =>
    [0, 1].flatMap((partition) => documents(100, { topic, partition })),
  );

  test("stored and stored", async () => {
    const { pool, audit, other } = await openSlow();
    const reversed = batch.toReversed();
    const splits = await Promise.all([audit.record(batch, signal), other.record(reversed, signal)]);
    expect(causesOf(splits)).toEqual([]);
    expect(splits.map(({ done }) => done)).toEqual([batch, reversed]);
    expect(await rows(pool)).toHaveLength(400);
  });

  test("stored and refused", async () => {
    const { pool, audit, other } = await openSlow();
    const letters = batch.toReversed().map(({ topic, partition, offset }): DeadLetter => {
      const refused = letter(offset);
      return { ...refused, origin: { ...refused.origin, topic, partition } };
    });
    const splits = await Promise.all([audit.record(batch, signal), other.recordRefused(letters, signal)]);
    expect(causesOf(splits)).toEqual([]);
    const levels = (await rows(pool)).map(({ log_level }) => log_level);
    expect(levels).toEqual(Array(400).fill("INFO"));
  });

  test("as each inserts its rows in the order of topic, partition and offset", async () => {
    const { pool, audit } = await open();
    await audit.record(batch.toReversed(), signal);
    const { rows: inserted } = await pool.query(
      "SELECT kafka_topic, kafka_partition, kafka_offset FROM demo_log ORDER BY id",
    );
    expect(inserted).toEqual(
      batch.map(({ topic, partition, offset }) => ({
        kafka_topic: topic,
        kafka_partition: partition,
        kafka_offset: String(offset),
      })),
    );
  });
});

test("the largest offset that is exact, and any text but NUL, are kept as they are", async () => {
  const { pool, audit } = await open();
  const text = "a\0b \u{1f600} 'quoted' \\ {braces} \ufffd";
  const batch = documents(1, { offset: Number.MAX_SAFE_INTEGER }).map((document) => withText(document, text));
  expect((await audit.record(batch, signal)).failed).toEqual([]);
  expect(await rows(pool)).toMatchObject([
    { kafka_offset: String(Number.MAX_SAFE_INTEGER), message_content: text.replace("\0", "\ufffd") },
  ]);
});

test("half a character does not keep the rows beside it from being written", async () => {
  const { pool, audit } = await open();
  const [whole, cut] = [letter(0), letter(1)];
  const halved = { ...cut, fault: { ...cut.fault, cause: "cut off in \ud83d" } };
  expect((await audit.recordRefused([whole, halved], signal)).failed).toEqual([]);
  expect(await rows(pool)).toMatchObject([{ error_cause: whole.fault.cause }, { error_cause: "cut off in \ufffd" }]);
});

test("a refused message has an ERROR row with its reason and the beginning of its content", async () => {
  const { pool, audit } = await open();
  const letters = [
    letter(0),
    letter(1, null),
    letter(2, Buffer.from([0xff, 0x00, 0x61])),
    letter(3, Buffer.alloc(20_000, "é")),
  ];
  expect(await audit.recordRefused(letters, signal)).toEqual({ done: letters, failed: [] });
  expect((await audit.recordRefused(letters, signal)).failed).toEqual([]);
  const written = await rows(pool);
  expect(written.map(({ message_content }) => message_content)).toEqual([
    "refused",
    null,
    "\ufffd\ufffda",
    "é".repeat(4_096),
  ]);
  expect(written[0]).toMatchObject({
    log_level: "ERROR",
    error_code: "too_long",
    error_cause: "it is too long",
    embedding_model: null,
    opensearch_doc_id: null,
  });
});

test("a refused message that was replayed and stored is no error any more, and a late dead letter changes nothing", async () => {
  const { pool, audit } = await open();
  const batch = documents(1);
  await audit.recordRefused([letter(0)], signal);
  await audit.record(batch, signal);
  const stored = await rows(pool);
  expect(stored).toMatchObject([
    { log_level: "INFO", message_content: "text 0", error_code: null, opensearch_doc_id: "messages-3-0" },
  ]);
  await audit.recordRefused([letter(0)], signal);
  expect(await rows(pool)).toEqual(stored);
});

test("a message that deletes has a row without content and vector", async () => {
  const { pool, audit } = await open();
  await audit.record([tombstone(9, "key")], signal);
  expect(await rows(pool)).toMatchObject([
    { log_level: "INFO", message_content: null, embedding_model: null, embedding_dimensions: null },
  ]);
});

describe("retryable, never poison, is", () => {
  test("a missing table, which is a matter of configuration", async () => {
    const audit = new PostgresAuditLog(connect(testConfig()), "documents", documentIds.offset);
    const batch = documents(2);
    expect(await audit.record(batch, signal)).toEqual({
      done: [],
      failed: batch.map((item) => ({
        item,
        fault: { kind: "retryable", code: "misconfigured", cause: expect.stringContaining("demo_log") },
      })),
    });
  });

  test("a wrong password, which is one too", async () => {
    const config = testConfig();
    const pool = connect({ ...config, POSTGRES_USER: "nobody", POSTGRES_PASSWORD: "secret-of-nobody" });
    const split = await new PostgresAuditLog(pool, "documents", documentIds.offset).record(documents(1), signal);
    expect(split.failed[0]?.fault).toMatchObject({ kind: "retryable", code: "misconfigured" });
    expect(JSON.stringify(split.failed[0]?.fault)).not.toContain("secret-of-nobody");
  });

  test("a closed port", async () => {
    const pool = connect({ ...testConfig(), POSTGRES_PORT: CLOSED_PORT });
    const split = await new PostgresAuditLog(pool, "documents", documentIds.offset).record(documents(1), signal);
    expect(split.failed[0]?.fault).toMatchObject({
      kind: "retryable",
      code: "unavailable",
      cause: expect.stringContaining("ECONNREFUSED"),
    });
  });
});

test("a connection that is reset while the schema is migrated is an error of the migration, not the end of the process", async () => {
  const config = testConfig();
  const server = createServer((client) => {
    const upstream = connectTo({ host: config.POSTGRES_HOST, port: config.POSTGRES_PORT });
    upstream.pipe(client);
    for (const socket of [client, upstream]) socket.on("error", () => undefined);
    // In the midst of the migration: with the statement that makes the table.
    client.on("data", (chunk) => {
      if (chunk.includes("demo_log")) client.resetAndDestroy();
      else upstream.write(chunk);
    });
    client.on("close", () => upstream.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const uncaught = vi.fn();
  process.on("uncaughtExceptionMonitor", uncaught);
  const cut = openPostgres(
    { ...config, POSTGRES_HOST: "127.0.0.1", POSTGRES_PORT: (server.address() as AddressInfo).port },
    testPatience(),
  );
  await expect(migrate(cut, config.POSTGRES_SCHEMA)).rejects.toThrow();
  await cut.end();
  server.close();
  process.off("uncaughtExceptionMonitor", uncaught);
  expect(uncaught).not.toHaveBeenCalled();
});

test("a hard stop ends the wait for a statement at once", async () => {
  const { pool, audit } = await open();
  const locker = await pool.connect();
  await locker.query("BEGIN");
  await locker.query("LOCK TABLE demo_log IN ACCESS EXCLUSIVE MODE");
  const stop = new AbortController();
  const recording = audit.record(documents(1), stop.signal);
  stop.abort(new Error("stopped"));
  await expect(recording).rejects.toThrow("stopped");
  await locker.query("ROLLBACK");
  locker.release();
});
