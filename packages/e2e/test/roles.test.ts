import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type AwsCredentials, awsCredentials, openRedis, redisSettings } from "@millrace/connections";
import { createKafka, kafkaSettings } from "@millrace/kafka";
import { openOpenSearch, openSearchSettings } from "@millrace/opensearch";
import { openPostgres, postgresSettings } from "@millrace/postgres";
import { readConfiguration } from "@millrace/shared";
import { makeCertificates } from "@millrace/stack";
import {
  eventually,
  refusePresigned,
  startMoto,
  startPodIdentityAgent,
  startPostgresAuthenticator,
  startRedisAuthenticator,
  startSecureKafka,
  startSigningProxy,
  testPatience,
} from "@millrace/testbed";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { z } from "zod";

/**
 * From the token that Kubernetes puts into a pod to each service, by the provider chain of the processes. This checks
 * only the wiring: moto gives a key to any caller, so trust policies are not tested.
 */
const REGION = "eu-west-1";
const ROLE_ARN = "arn:aws:iam::123456789012:role/pipeline";

const opened = new AsyncDisposableStack();
afterAll(() => opened.disposeAsync());
const directory = await mkdtemp(join(tmpdir(), "millrace-roles-"));
opened.defer(() => rm(directory, { recursive: true }));
const certificates = await makeCertificates(directory);
let keys: AwsCredentials[] = [];
const expectation = (service: string) => ({ region: REGION, service, keys });
const broker = opened.use(await startSecureKafka({ region: REGION, credentials: [], users: {} }));
const postgres = opened.use(
  await startPostgresAuthenticator(certificates.server, process.env, (password, _address, user) =>
    refusePresigned(password, expectation("rds-db"), { Action: "connect", DBUser: user }),
  ),
);
const { REDIS_HOST, REDIS_PORT } = readConfiguration(z.object(redisSettings), process.env);
const target = { host: REDIS_HOST, port: REDIS_PORT };
const redis = opened.use(
  await startRedisAuthenticator(certificates.server, target, 60_000, (user, password) =>
    refusePresigned(password, expectation("elasticache"), { Action: "connect", User: user }),
  ),
);
const { OPENSEARCH_ENDPOINT: endpoint = "" } = process.env;
const openSearch = opened.use(await startSigningProxy(endpoint, expectation("es")));

const environmentBefore = { ...process.env };
afterEach(() => {
  for (const name of Object.keys(process.env)) if (!(name in environmentBefore)) delete process.env[name];
  Object.assign(process.env, environmentBefore);
});

/** Connects to each service by the default chain, and registers the chain's key with the servers. */
async function expectAllToAccept(sessionName: string): Promise<void> {
  const key = await awsCredentials(sessionName)();
  expect(key.sessionToken).toBeTruthy();
  expect(key.expiration?.getTime()).toBeGreaterThan(Date.now());
  keys = [key];
  openSearch.expectation = expectation("es");
  const { accessKeyId, secretAccessKey, sessionToken = "" } = key;
  await broker.setCredentials([
    {
      accessKeyId,
      secretAccessKey,
      sessionToken,
      arn: `arn:aws:sts::123456789012:assumed-role/pipeline/${sessionName}`,
    },
  ]);
  const settings = readConfiguration(
    z.object({ ...kafkaSettings, ...postgresSettings, ...redisSettings, ...openSearchSettings }),
    {
      ...{ AWS_REGION: REGION, AWS_ROLE_SESSION_NAME: sessionName },
      ...{ KAFKA_USE_IAM_AUTH: "true", KAFKA_BOOTSTRAP_SERVERS: broker.addresses.iam },
      KAFKA_TLS_CA_PATH: broker.certificates.caPath,
      ...{ POSTGRES_USE_IAM_AUTH: "true", POSTGRES_HOST: postgres.host, POSTGRES_PORT: String(postgres.port) },
      POSTGRES_TLS_CA_PATH: certificates.caPath,
      ...{ REDIS_USE_IAM_AUTH: "true", REDIS_HOST: "127.0.0.1", REDIS_PORT: String(redis.port) },
      ...{ REDIS_USERNAME: "pipeline", REDIS_IAM_CACHE_NAME: "progress", REDIS_TLS_CA_PATH: certificates.caPath },
      ...{ OPENSEARCH_USE_IAM_AUTH: "true", OPENSEARCH_ENDPOINT: openSearch.url },
    },
  );
  const patience = testPatience();
  await using clients = new AsyncDisposableStack();

  const admin = createKafka(settings, "roles", patience.log).admin();
  clients.defer(() => admin.disconnect());
  await admin.connect();
  expect(await admin.listTopics()).toEqual([]);

  const database = clients.adopt(openPostgres(settings, patience), (pool) => pool.end());
  expect((await database.query("SELECT 1 AS one")).rows).toEqual([{ one: 1 }]);

  const cache = clients.adopt(openRedis(settings, patience), (client) => client.disconnect());
  await eventually(() => cache.status).toBe("ready");

  const search = clients.adopt(openOpenSearch(settings, patience), (client) => client.close());
  expect((await search.cluster.health()).statusCode).toBe(200);

  expect(await broker.readLog()).toContain(`MSK IAM: accepted: ${accessKeyId}`);
  expect([...postgres.refusals, ...redis.refusals, ...openSearch.refusals]).toEqual([]);
  expect(openSearch.accepted).toContain(accessKeyId);
}

const nowhere = {
  ...{ AWS_ACCESS_KEY_ID: "", AWS_SECRET_ACCESS_KEY: "", AWS_PROFILE: "", AWS_EC2_METADATA_DISABLED: "true" },
  ...{ AWS_CONFIG_FILE: join(directory, "none"), AWS_SHARED_CREDENTIALS_FILE: join(directory, "none") },
};

describe("a pod's role opens Kafka, PostgreSQL, Redis and OpenSearch", () => {
  test("by IRSA: the web identity token is exchanged at STS", async () => {
    await using moto = await startMoto();
    const tokenFile = join(directory, "web-identity-token");
    await writeFile(tokenFile, "the.pods.token");
    Object.assign(process.env, nowhere, {
      AWS_REGION: REGION,
      AWS_ROLE_ARN: ROLE_ARN,
      AWS_WEB_IDENTITY_TOKEN_FILE: tokenFile,
      AWS_ENDPOINT_URL_STS: moto.url,
    });
    await expectAllToAccept("by-irsa");
  });

  test("by EKS Pod Identity: the agent gives the key to callers with the pod's token", async () => {
    await using agent = await startPodIdentityAgent(600_000);
    Object.assign(process.env, nowhere, agent.environment);
    await expectAllToAccept("by-pod-identity");
    expect(agent.refusals).toBe(0);
    expect(agent.issued.length).toBe(1);
  });

  test("with another pod's token the agent gives none", async () => {
    await using agent = await startPodIdentityAgent(600_000);
    const tokenFile = join(directory, "token-of-another");
    await writeFile(tokenFile, "of-another-pod");
    Object.assign(process.env, nowhere, agent.environment, { AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: tokenFile });
    await expect(awsCredentials("by-another-pod")()).rejects.toThrow();
    expect(agent.refusals).toBeGreaterThan(0);
    expect(agent.issued).toEqual([]);
  });
});
