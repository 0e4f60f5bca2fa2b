import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { isolated, startPipeline } from "@millrace/stack";
import { startMoto } from "@millrace/testbed";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { publish } from "../src/api-client.ts";
import { leaks } from "../src/leaks.ts";
import { type AuditRow, openReadBack } from "../src/read-back.ts";
import { untilRecorded } from "../src/testbed.ts";
import { startVerifiedServices, type VerifiedServices } from "../src/verified-services.ts";
import { serveEmbeddingsWithKey } from "./embeddings-with-key.ts";

/** Number of expiries of each service's token under load; the package's script `expiries` sets 20. */
const EXPIRIES = Number(process.env.MILLRACE_EXPIRIES ?? 4);
/** Ten messages, ten times a second. */
const PUBLISH_INTERVAL_MS = 100;
const PUBLISHED_AT_ONCE = 10;
const DEADLINE_MS = 30_000 + EXPIRIES * 8_000;
const DIMENSIONS = 8;

/** Long enough to be distinguishable from any other text. */
const openAiKeys = ["sk-first-4f9d0c2b7a61", "sk-second-b83e5d17c940"] as const;
/** Unused under IAM; but anything configured could be logged. */
const passwords = {
  KAFKA_SCRAM_PASSWORD: "scram-password-6d1f",
  POSTGRES_PASSWORD: "postgres-password-93ab",
  REDIS_PASSWORD: "redis-password-c5e8",
  OPENSEARCH_PASSWORD: "opensearch-password-07d4",
};

const stack = inject("stack");
const namespace = isolated(`expiries_${process.pid}`);
const opened = new AsyncDisposableStack();
let services: VerifiedServices;
let expiries: Awaited<ReturnType<VerifiedServices["expiries"]>>;
let published: string[];
let rows: AuditRow[];
let documents: string[];
let refusals: string[];
let refusedKeys: number;
let logs: string;

beforeAll(async () => {
  const directory = await mkdtemp(join(tmpdir(), "millrace-expiries-"));
  opened.defer(() => rm(directory, { recursive: true }));
  const moto = opened.use(await startMoto());
  const embeddings = opened.use(await serveEmbeddingsWithKey(openAiKeys[0], DIMENSIONS));
  // A key lives for four seconds at most and is replaced in its second half; a session lasts for three, a connection
  // for one.
  const lifetimes = { keyMs: 4_000, kafkaSessionMs: 3_000, redisSessionMs: 3_000 };
  services = opened.use(await startVerifiedServices(stack, namespace, lifetimes));
  const secretName = `openai-${process.pid}`;
  const readBack = opened.use(openReadBack(services.direct));
  opened.defer(() => readBack.clean());
  const pipeline = opened.use(
    await startPipeline({
      stack,
      logDirectory: directory,
      environment: {
        ...services.environment,
        ...passwords,
        LOG_LEVEL: "debug",
        KAFKA_REAUTHENTICATION_THRESHOLD_MS: "1000",
        POSTGRES_CONNECTION_MAX_LIFETIME_S: "1",
        REDIS_IAM_REAUTHENTICATION_S: "1",
        EMBEDDING_PROVIDER: "openai",
        OPENAI_API_KEY: "",
        OPENAI_API_KEY_SECRET_ARN: await moto.putSecret(secretName, openAiKeys[0]),
        AWS_ENDPOINT_URL_SECRETS_MANAGER: moto.url,
        OPENAI_BASE_URL: embeddings.url,
        OPENAI_EMBEDDING_MODEL: "test-model",
      },
    }),
  );

  published = [];
  const deadlineMs = Date.now() + DEADLINE_MS;
  expiries = await services.expiries();
  while (Math.min(...Object.values(expiries)) < EXPIRIES && Date.now() < deadlineMs) {
    if (embeddings.key === openAiKeys[0] && published.length > 100) {
      embeddings.key = openAiKeys[1];
      await moto.putSecret(secretName, openAiKeys[1]);
    }
    const texts = Array.from({ length: PUBLISHED_AT_ONCE }, (_, at) => `message ${published.length + at}`);
    published.push(...(await publish(pipeline.api, texts)));
    await sleep(PUBLISH_INTERVAL_MS);
    expiries = await services.expiries();
  }
  await untilRecorded(readBack, published.length);
  rows = await readBack.readRows();
  documents = [];
  for await (const { id } of readBack.readDocuments()) documents.push(id);
  await pipeline.stop();
  refusals = await services.refusals();
  refusedKeys = embeddings.refused;
  const files = (await readdir(directory)).filter((file) => file.endsWith(".log"));
  logs = (await Promise.all(files.map((file) => readFile(join(directory, file), "utf8")))).join("\n");
}, DEADLINE_MS + 120_000);

afterAll(() => opened.disposeAsync());

interface Line {
  level: string;
  service: string;
  action: string;
  status: string;
  details?: { cause?: string };
}

function lines(): Line[] {
  return logs.split("\n").flatMap((line) => (line.startsWith("{") ? [JSON.parse(line) as Line] : []));
}

test(`tokens of each service expired ${EXPIRIES} times while messages flowed, and no server refused one`, () => {
  const said = { expiries, published: published.length, keys: services.keys.length };
  process.stdout.write(`${JSON.stringify(said)}\n`);
  for (const count of Object.values(expiries)) expect(count).toBeGreaterThanOrEqual(EXPIRIES);
  expect(refusals).toEqual([]);
});

test("nothing is lost or doubled: one row and one document for each message", () => {
  const expected = published.toSorted();
  expect(rows.map(({ id }) => id).toSorted()).toEqual(expected);
  expect(rows.filter(({ level }) => level !== "INFO")).toEqual([]);
  expect(documents.toSorted()).toEqual(expected);
});

test("the logs have no error above a retry, and some are due to the API's rotated key", () => {
  expect(lines().filter(({ level, status }) => level === "error" || status === "failed")).toEqual([]);
  expect(refusedKeys).toBeGreaterThan(0);
  const actions = new Set(lines().map(({ service, action }) => `${service} ${action}`));
  expect(actions).toContain("embed embed.api_key");
  const retries = lines().filter(({ action, status }) => action === "embed.request" && status === "retry");
  expect(retries.map(({ details }) => details?.cause)).toContainEqual(expect.stringContaining("401"));
});

test("no process logs a secret, a token or signed data", () => {
  expect(new Set(lines().map(({ service }) => service))).toEqual(new Set(["ingest", "embed", "sink", "api"]));
  expect(lines().some(({ level }) => level === "debug")).toBe(true);
  const secrets = [...openAiKeys, ...Object.values(passwords), ...services.secrets()];
  expect(services.secrets().length).toBeGreaterThan(EXPIRIES);
  expect(leaks(logs, secrets)).toEqual([]);
});
