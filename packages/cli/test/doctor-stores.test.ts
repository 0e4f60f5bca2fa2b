import { examine, examinePostgres } from "@millrace/doctor";
import { openOpenSearch, openSearchSettings } from "@millrace/opensearch";
import { openPostgres, postgresSettings } from "@millrace/postgres";
import { readConfiguration } from "@millrace/shared";
import {
  CLOSED_PORT,
  openCertificates,
  refusePresigned,
  startPostgresAuthenticator,
  startRedisAuthenticator,
  startSigningProxy,
  testPatience,
  uniqueName,
} from "@millrace/testbed";
import { Client } from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import {
  examineSetUp,
  expectVerdict,
  failedOf,
  key,
  listenAsSts,
  listenHttp,
  REGION,
  type SetUp,
  session,
} from "./doctor-support.ts";
import { config, redis } from "./support.ts";

const certificates = await openCertificates();
const keys = [key, session];
const sts = await listenAsSts();
afterAll(() => sts[Symbol.asyncDispose]());
const STS = { AWS_ENDPOINT_URL_STS: `http://127.0.0.1:${sts.port}` };

/** A schema with the sink's table, and a user without privileges. */
const schema = uniqueName("doctor").replace("-", "_");
const user = `${schema}_user`;
const database = new Client({
  host: process.env.POSTGRES_HOST ?? "",
  port: Number(process.env.POSTGRES_PORT),
  user: process.env.POSTGRES_USER ?? "",
  password: process.env.POSTGRES_PASSWORD ?? "",
  database: process.env.POSTGRES_DATABASE ?? "",
});
await database.connect();
const createTable = `CREATE TABLE ${schema}.demo_log (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, kafka_topic text,
  kafka_partition integer, kafka_offset bigint, log_level text, UNIQUE (kafka_topic, kafka_partition, kafka_offset))`;
beforeAll(async () => {
  await database.query(`CREATE SCHEMA ${schema}`);
  await database.query(`CREATE ROLE ${user} LOGIN PASSWORD 's3cret-user'; GRANT USAGE ON SCHEMA ${schema} TO ${user}`);
});
afterAll(async () => {
  await database.query(`DROP SCHEMA ${schema} CASCADE; DROP OWNED BY ${user}; DROP ROLE ${user}`);
  await database.end();
});
const asUser = { POSTGRES_USER: user, POSTGRES_PASSWORD: "s3cret-user", POSTGRES_SCHEMA: schema };
const postgresServer = await startPostgresAuthenticator(
  certificates.server,
  { ...process.env, POSTGRES_USER: user, POSTGRES_PASSWORD: "s3cret-user" },
  (password, address, name) =>
    password.startsWith(`${address}/`)
      ? refusePresigned(password, { region: REGION, service: "rds-db", keys }, { Action: "connect", DBUser: name })
      : "signed for another address",
);
afterAll(() => postgresServer[Symbol.asyncDispose]());
const postgresIam = {
  ...asUser,
  ...STS,
  POSTGRES_PORT: String(postgresServer.port),
  POSTGRES_USE_IAM_AUTH: "true",
  POSTGRES_TLS_CA_PATH: certificates.caPath,
};

const search = openOpenSearch(readConfiguration(z.object(openSearchSettings), process.env), testPatience());
const [narrow, textOnly] = [uniqueName("narrow"), uniqueName("text")];
beforeAll(async () => {
  const vector = {
    type: "knn_vector",
    dimension: 3,
    method: { name: "hnsw", engine: "lucene", space_type: "cosinesimil" },
  };
  const settings = { index: { knn: true, number_of_replicas: 0 } };
  await search.indices.create({ index: narrow, body: { settings, mappings: { properties: { vector } } as never } });
  await search.indices.create({ index: textOnly, body: { mappings: { properties: { text: { type: "text" } } } } });
});
afterAll(async () => {
  await search.indices.delete({ index: [narrow, textOnly] });
  await search.close();
});
const signing = await startSigningProxy(process.env.OPENSEARCH_ENDPOINT ?? "", { region: REGION, service: "es", keys });
const denying = await listenHttp((_, response) => {
  const Message = `User: arn:aws:sts::000000000000:assumed-role/pipeline/millrace is not authorized to perform: es:ESHttpGet`;
  response.writeHead(403, { "content-type": "application/json" }).end(JSON.stringify({ Message }));
});
/** The real OpenSearch for a role that lacks one of the methods. */
const withoutHead = await listenHttp(async ({ method, url }, response) => {
  if (method === "HEAD") return void response.writeHead(403).end();
  const body = method === "POST" && { body: '{"size":0}', headers: { "content-type": "application/json" } };
  const answer = await fetch(new URL(url ?? "", process.env.OPENSEARCH_ENDPOINT), { method: method ?? "GET", ...body });
  response.writeHead(answer.status, { "content-type": "application/json" }).end(await answer.text());
});
const guarded = await listenHttp((_, response) => void response.writeHead(401).end("Unauthorized"));
afterAll(() => Promise.all([signing, denying, withoutHead, guarded].map((each) => each[Symbol.asyncDispose]())));
const openSearchIam = { ...STS, OPENSEARCH_ENDPOINT: signing.url, OPENSEARCH_USE_IAM_AUTH: "true" };

const redisServer = await startRedisAuthenticator(
  certificates.server,
  { host: config.REDIS_HOST, port: config.REDIS_PORT },
  60_000,
  (name, password) =>
    refusePresigned(password, { region: REGION, service: "elasticache", keys }, { Action: "connect", User: name }),
);
afterAll(() => redisServer[Symbol.asyncDispose]());
const redisIam = {
  ...STS,
  REDIS_PORT: String(redisServer.port),
  REDIS_USE_IAM_AUTH: "true",
  REDIS_USERNAME: "pipeline",
  REDIS_IAM_CACHE_NAME: "progress",
  REDIS_TLS_CA_PATH: certificates.caPath,
};
/** A Redis user that may only use keys of another prefix. */
const redisUser = uniqueName("user");
beforeAll(() => redis.call("ACL", "SETUSER", redisUser, "on", ">s3cret-redis", "~other:*", "+@all"));
afterAll(async () => {
  await redis.call("ACL", "DELUSER", redisUser);
  redis.disconnect();
});

const sink = { subject: "sink" } as const;
const setUps: Record<string, SetUp> = {
  "PostgreSQL: a wrong password": {
    ...sink,
    environment: { ...asUser, POSTGRES_PASSWORD: "s3cret-wrong" },
    verdict: ["postgres", "authentication", "postgres_password_refused"],
    remedy:
      "Check POSTGRES_USER and POSTGRES_PASSWORD. A user with rds_iam can't log in with a password: set POSTGRES_USE_IAM_AUTH=true.",
  },
  "PostgreSQL: a database that does not exist": {
    ...sink,
    environment: { POSTGRES_DATABASE: "nowhere" },
    verdict: ["postgres", "authentication", "postgres_database_missing"],
    remedy: "Create the database, or correct POSTGRES_DATABASE.",
  },
  "PostgreSQL: a user that may not create the table": {
    ...sink,
    environment: asUser,
    verdict: ["postgres", "authorization", "postgres_denied"],
    remedy: `Run as the owner: GRANT CREATE ON SCHEMA ${schema} TO ${user};`,
  },
  "PostgreSQL: no table yet, for the api": {
    subject: "api",
    environment: { ...asUser, EMBED_URL: `http://127.0.0.1:${CLOSED_PORT}` },
    also: ["embed"],
    verdict: ["postgres", "authorization", "postgres_table_missing"],
    remedy: "Start the sink with POSTGRES_MIGRATE=true to create it, or correct POSTGRES_DATABASE and POSTGRES_SCHEMA.",
  },
  "PostgreSQL: no table, and the sink may not create it": {
    ...sink,
    environment: { ...asUser, POSTGRES_MIGRATE: "false" },
    verdict: ["postgres", "authorization", "postgres_table_missing"],
    remedy: "Start the sink with POSTGRES_MIGRATE=true to create it, or correct POSTGRES_DATABASE and POSTGRES_SCHEMA.",
  },
  "RDS: a wrong secret key": {
    ...sink,
    environment: postgresIam,
    credentials: { ...key, secretAccessKey: "wrong" },
    verdict: ["postgres", "authentication", "postgres_iam_refused"],
    remedy: `Allow rds-db:connect as below and run GRANT rds_iam TO ${user}. POSTGRES_HOST and POSTGRES_PORT must be the instance's own, because the token is signed for them. Then check AWS_REGION, the key and the clock.`,
    missing: {
      "rds-db:connect": [`arn:aws:rds-db:eu-west-1:000000000000:dbuser:DB_RESOURCE_ID/${user}`],
    },
  },
  "RDS: another region": {
    ...sink,
    environment: { ...postgresIam, AWS_REGION: "eu-west-2" },
    credentials: key,
    verdict: ["postgres", "authentication", "postgres_iam_refused"],
    remedy: `Allow rds-db:connect as below and run GRANT rds_iam TO ${user}. POSTGRES_HOST and POSTGRES_PORT must be the instance's own, because the token is signed for them. Then check AWS_REGION, the key and the clock.`,
    missing: {
      "rds-db:connect": [`arn:aws:rds-db:eu-west-2:000000000000:dbuser:DB_RESOURCE_ID/${user}`],
    },
  },
  "RDS: an alias instead of the instance's own name": {
    ...sink,
    environment: { ...postgresIam, POSTGRES_HOST: "localhost" },
    credentials: session,
    verdict: ["postgres", "authentication", "postgres_iam_refused"],
    remedy: `Allow rds-db:connect as below and run GRANT rds_iam TO ${user}. POSTGRES_HOST and POSTGRES_PORT must be the instance's own, because the token is signed for them. Then check AWS_REGION, the key and the clock.`,
    missing: {
      "rds-db:connect": [`arn:aws:rds-db:eu-west-1:000000000000:dbuser:DB_RESOURCE_ID/${user}`],
    },
  },
  "OpenSearch: no index, and no process may create it": {
    ...sink,
    environment: { OPENSEARCH_INDEX: "nowhere", OPENSEARCH_CREATE_INDEX: "false" },
    verdict: ["opensearch", "authorization", "opensearch_index_missing"],
    remedy: "Create nowhere, set OPENSEARCH_CREATE_INDEX=true for the sink, or correct OPENSEARCH_INDEX.",
  },
  "OpenSearch: other dimensions than the model's": {
    subject: "all",
    environment: { OPENSEARCH_INDEX: narrow, EMBEDDING_PROVIDER: "local" },
    verdict: ["opensearch", "authorization", "opensearch_dimensions"],
    remedy: "Set OPENSEARCH_INDEX to a new index, or choose a model or OPENAI_EMBEDDING_DIMENSIONS with 3 dimensions.",
  },
  "OpenSearch: an index without a vector field": {
    ...sink,
    environment: { OPENSEARCH_INDEX: textOnly },
    verdict: ["opensearch", "authorization", "opensearch_vector_missing"],
    remedy: "Set OPENSEARCH_INDEX to a new index; the sink creates it with the mapping that it needs.",
  },
  "OpenSearch: a wrong secret key": {
    ...sink,
    environment: openSearchIam,
    credentials: { ...key, secretAccessKey: "wrong" },
    verdict: ["opensearch", "authentication", "opensearch_iam_refused"],
    remedy:
      "Check AWS_REGION, OPENSEARCH_AWS_SERVICE (es or aoss), the key with its session token, and the clock. The response says which is wrong.",
  },
  "OpenSearch: signed for Serverless": {
    ...sink,
    environment: { ...openSearchIam, OPENSEARCH_AWS_SERVICE: "aoss" },
    credentials: key,
    verdict: ["opensearch", "authentication", "opensearch_iam_refused"],
    remedy:
      "Check AWS_REGION, OPENSEARCH_AWS_SERVICE (es or aoss), the key with its session token, and the clock. The response says which is wrong.",
  },
  "OpenSearch: no session token": {
    ...sink,
    environment: openSearchIam,
    credentials: { accessKeyId: session.accessKeyId, secretAccessKey: session.secretAccessKey },
    verdict: ["opensearch", "authentication", "opensearch_iam_refused"],
    remedy:
      "Check AWS_REGION, OPENSEARCH_AWS_SERVICE (es or aoss), the key with its session token, and the clock. The response says which is wrong.",
  },
  "OpenSearch: the role lacks es:ESHttpGet": {
    ...sink,
    environment: { ...openSearchIam, OPENSEARCH_ENDPOINT: `http://127.0.0.1:${denying.port}` },
    credentials: session,
    verdict: ["opensearch", "authorization", "opensearch_denied"],
    remedy:
      "Allow it in the role's policy as below and in the domain's access policy (Serverless: in a data access policy). With fine-grained access control, also map the role's ARN to an OpenSearch role that may read and write this index.",
    missing: { "es:ESHttpGet": ["arn:aws:es:eu-west-1:000000000000:domain/DOMAIN_NAME/*"] },
  },
  "OpenSearch: the role of the commands lacks es:ESHttpHead": {
    subject: "cli",
    environment: {
      ...openSearchIam,
      OPENSEARCH_ENDPOINT: `http://127.0.0.1:${withoutHead.port}`,
      OPENSEARCH_INDEX: narrow,
      POSTGRES_SCHEMA: schema,
    },
    credentials: session,
    also: ["postgres"],
    verdict: ["opensearch", "probe", "opensearch_denied"],
    remedy:
      "Allow it in the role's policy as below and in the domain's access policy (Serverless: in a data access policy). With fine-grained access control, also map the role's ARN to an OpenSearch role that may read and write this index.",
    missing: { "es:ESHttpHead": ["arn:aws:es:eu-west-1:000000000000:domain/DOMAIN_NAME/*"] },
  },
  "OpenSearch: a wrong password": {
    ...sink,
    environment: { OPENSEARCH_ENDPOINT: `http://127.0.0.1:${guarded.port}`, OPENSEARCH_USERNAME: "admin" },
    verdict: ["opensearch", "authentication", "opensearch_password_refused"],
    remedy: "Check OPENSEARCH_USERNAME and OPENSEARCH_PASSWORD, or set OPENSEARCH_USE_IAM_AUTH=true.",
  },
  "Redis: a wrong password": {
    ...sink,
    environment: { REDIS_USERNAME: redisUser, REDIS_PASSWORD: "s3cret-wrong" },
    verdict: ["redis", "authentication", "redis_password_refused"],
    remedy: "Check REDIS_USERNAME and REDIS_PASSWORD.",
  },
  "Redis: a user with access to other keys": {
    ...sink,
    environment: { REDIS_USERNAME: redisUser, REDIS_PASSWORD: "s3cret-redis" },
    verdict: ["redis", "probe", "redis_denied"],
    remedy: `Grant the user its keys and commands, for example ACL SETUSER ${redisUser} ~millrace:* +@read +@write +@connection.`,
  },
  "ElastiCache: a wrong secret key": {
    ...sink,
    environment: redisIam,
    credentials: { ...key, secretAccessKey: "wrong" },
    verdict: ["redis", "authentication", "redis_iam_refused"],
    remedy:
      "Allow elasticache:Connect on the cache and the user as below. The user's ID must equal its name, and the user must be in the cache's user group. Then check REDIS_IAM_CACHE_NAME, REDIS_IAM_SERVERLESS, AWS_REGION, the key and the clock.",
    missing: {
      "elasticache:Connect": [
        "arn:aws:elasticache:eu-west-1:000000000000:replicationgroup:progress",
        "arn:aws:elasticache:eu-west-1:000000000000:user:pipeline",
      ],
    },
  },
  "ElastiCache: another region": {
    ...sink,
    environment: { ...redisIam, AWS_REGION: "eu-west-2" },
    credentials: key,
    verdict: ["redis", "authentication", "redis_iam_refused"],
    remedy:
      "Allow elasticache:Connect on the cache and the user as below. The user's ID must equal its name, and the user must be in the cache's user group. Then check REDIS_IAM_CACHE_NAME, REDIS_IAM_SERVERLESS, AWS_REGION, the key and the clock.",
    missing: {
      "elasticache:Connect": [
        "arn:aws:elasticache:eu-west-2:000000000000:replicationgroup:progress",
        "arn:aws:elasticache:eu-west-2:000000000000:user:pipeline",
      ],
    },
  },
};
test.each(Object.entries(setUps))("%s", (_, setUp) => expectVerdict(setUp));

test("PostgreSQL: a privilege on the table is missing", async () => {
  await database.query(createTable);
  await database.query(`GRANT SELECT ON ${schema}.demo_log TO ${user}`);
  try {
    await expectVerdict({
      ...sink,
      environment: asUser,
      verdict: ["postgres", "authorization", "postgres_denied"],
      remedy: `Run as the owner: GRANT INSERT, UPDATE ON ${schema}.demo_log TO ${user};`,
    });
  } finally {
    await database.query(`DROP TABLE ${schema}.demo_log`);
  }
});

test("PostgreSQL: a connection that breaks between two steps is reported, and ends no process", async () => {
  const settings = readConfiguration(z.object(postgresSettings), { ...process.env, ...asUser });
  const examination = examinePostgres(settings, openPostgres, { writes: true });
  const checks = examination.checks.map((check) => {
    if (check.step !== "authorization") return check;
    const run = async (signal: AbortSignal) => {
      await database.query("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = $1", [user]);
      return check.run(signal);
    };
    return { ...check, run };
  });
  const { failure } = await examine(
    { ...examination, checks },
    () => 20_000,
    () => undefined,
  );
  expect(failure).toMatchObject({ step: "authorization", said: expect.stringContaining("terminat") });
});

test("RDS: a user without rds_iam", async () => {
  await database.query("CREATE ROLE rds_iam");
  try {
    await expectVerdict({
      ...sink,
      environment: postgresIam,
      credentials: session,
      verdict: ["postgres", "authorization", "postgres_rds_iam_missing"],
      remedy: `Run GRANT rds_iam TO ${user}.`,
    });
  } finally {
    await database.query("DROP ROLE rds_iam");
  }
});

test("with every permission all pass, and nothing is left behind", async () => {
  await database.query(createTable);
  await database.query(`GRANT SELECT, INSERT, UPDATE ON ${schema}.demo_log TO ${user}`);
  const { subject } = sink;
  const environment = {
    ...postgresIam,
    ...openSearchIam,
    ...redisIam,
    OPENSEARCH_INDEX: narrow,
    REDIS_KEY_PREFIX: schema,
  };
  const report = await examineSetUp({ subject, environment, credentials: session });
  expect(failedOf(report)).toEqual([]);
  expect((await database.query(`SELECT FROM ${schema}.demo_log`)).rowCount).toBe(0);
  await search.indices.refresh({ index: narrow });
  expect((await search.count({ index: narrow })).body.count).toBe(0);
  expect(await redis.keys(`${schema}:*`)).toEqual([]);
});
