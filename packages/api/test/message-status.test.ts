import { openRedis } from "@millrace/connections";
import { openPostgres } from "@millrace/postgres";
import { createTracker } from "@millrace/stage";
import { testPatience } from "@millrace/testbed";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bodyOf, CLOSED_PORT, isolated, openTestApp, until } from "./support.ts";

const environment = isolated();
const api = openTestApp(environment);
const patience = testPatience();
const redis = openRedis(api.config, patience);
const tracker = createTracker(redis, api.config, api.edges.log);
const postgres = openPostgres(api.config, patience);
const topic = "messages";

beforeAll(async () => {
  await until(async () => patience.health.dependencies.redis?.state === "working");
  await until(async () => (await api.edges.probes.redis()).status === "ok");
});
afterAll(async () => {
  redis.disconnect();
  await postgres.query(`DROP SCHEMA ${api.config.POSTGRES_SCHEMA} CASCADE`);
  await postgres.end();
  await api[Symbol.asyncDispose]();
});

test("before the sink's first run, an unknown message is a 404", async () => {
  const response = await api.app.request("/status/messages-0-404");
  expect(response.status).toBe(404);
  expect(await response.json()).toMatchObject({ type: "urn:millrace:problem:unknown-message" });
});

test("a message in progress shows the milestones reached", async () => {
  tracker.reached("published", [{ topic, partition: 0, offset: 1 }]);
  tracker.reached("ingested", [{ topic, partition: 0, offset: 1 }]);
  await tracker.flush();
  const response = await api.app.request("/status/messages-0-1");
  expect(response.status).toBe(200);
  const body = await bodyOf<Record<string, unknown>>(response);
  expect(body).toEqual({
    id: "messages-0-1",
    state: "ingested",
    milestones: { published: expect.stringMatching(/Z$/), ingested: expect.stringMatching(/Z$/) },
    durationsMs: [{ from: "published", to: "ingested", ms: expect.any(Number) }],
  });
});

test("a stored message shows its row, even without progress in Redis", async () => {
  await createAuditTable();
  await insertRow(2, "INFO", null, null);
  const row = {
    timestamp: "2026-01-01T12:00:00.000Z",
    log_level: "INFO",
    error_code: null,
    error_cause: null,
    opensearch_index: "millrace",
    opensearch_doc_id: "messages-0-2",
    embedding_model: "test-model",
  };
  const response = await api.app.request("/status/messages-0-2");
  expect(await response.json()).toEqual({
    id: "messages-0-2",
    state: "stored",
    milestones: {},
    durationsMs: [],
    record: row,
  });
});

test("a dead-lettered message shows its error", async () => {
  await insertRow(3, "ERROR", "too_long", "9000 tokens");
  tracker.reached("published", [{ topic, partition: 0, offset: 3 }]);
  tracker.reached("dead_lettered", [{ topic, partition: 0, offset: 3 }]);
  await tracker.flush();
  const response = await api.app.request("/status/messages-0-3");
  expect(await response.json()).toMatchObject({
    state: "dead_lettered",
    durationsMs: [{ from: "published", to: "dead_lettered" }],
    record: { log_level: "ERROR", error_code: "too_long", error_cause: "9000 tokens" },
  });
});

test.each(["messages", "messages-0", "messages-0-x", "messages-99999999999-1", "messages-4294967295-1", "a%20b-0-1"])(
  "%s is no id",
  async (id) => {
    const response = await api.app.request(`/status/${id}`);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      type: "urn:millrace:problem:invalid-parameter",
      errors: [{ path: "id" }],
    });
  },
);

test("while Redis is unavailable the row suffices, and a message without a row is a 503, not a 404", async () => {
  await using app = openTestApp({ ...environment, REDIS_PORT: CLOSED_PORT });
  const known = await app.app.request("/status/messages-0-2");
  expect(await known.json()).toMatchObject({
    state: "stored",
    unknown: { progress: expect.stringMatching(/^Redis: /) },
  });
  const open = await app.app.request("/status/messages-0-1");
  expect(open.status).toBe(503);
});

test("while PostgreSQL is unavailable the progress suffices", async () => {
  await using app = openTestApp({ ...environment, POSTGRES_PORT: CLOSED_PORT });
  await until(async () => (await app.edges.probes.redis()).status === "ok");
  const known = await app.app.request("/status/messages-0-1");
  expect(await known.json()).toMatchObject({
    state: "ingested",
    unknown: { record: expect.stringMatching(/^PostgreSQL: /) },
  });
  expect((await app.app.request("/status/messages-0-404")).status).toBe(503);
});

/** The table, as created by the sink's migrations. */
async function createAuditTable(): Promise<void> {
  await postgres.query(`CREATE SCHEMA ${api.config.POSTGRES_SCHEMA}`);
  await postgres.query(`
    CREATE TABLE ${api.config.POSTGRES_SCHEMA}.demo_log (
      id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      timestamp timestamptz NOT NULL,
      kafka_topic text NOT NULL,
      kafka_partition int NOT NULL,
      kafka_offset bigint NOT NULL,
      message_content text,
      embedding_model text,
      embedding_dimensions int,
      opensearch_index text,
      opensearch_doc_id text,
      log_level text NOT NULL,
      error_code text,
      error_cause text,
      UNIQUE (kafka_topic, kafka_partition, kafka_offset)
    )`);
}

async function insertRow(offset: number, level: string, code: string | null, cause: string | null): Promise<void> {
  await postgres.query(
    `INSERT INTO demo_log (timestamp, kafka_topic, kafka_partition, kafka_offset, embedding_model, opensearch_index,
       opensearch_doc_id, log_level, error_code, error_cause)
     VALUES ('2026-01-01T12:00:00Z', $1, 0, $2, 'test-model', 'millrace', $3, $4, $5, $6)`,
    [topic, offset, `messages-0-${offset}`, level, code, cause],
  );
}
