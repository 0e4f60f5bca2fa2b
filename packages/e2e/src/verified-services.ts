import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Certificates, makeCertificates, type Namespace, type StackEnvironment } from "@millrace/stack";
import {
  accessKeyOf,
  type IssuedKey,
  refusePresigned,
  type SecureKafka,
  startPodIdentityAgent,
  startPostgresAuthenticator,
  startRedisAuthenticator,
  startSecureKafka,
  startSigningProxy,
} from "@millrace/testbed";
import { prepareKafka } from "./prepare-kafka.ts";

const REGION = "eu-west-1";
const USER = "pipeline";
const CACHE = "progress";
const ROLE = "arn:aws:sts::000000000000:assumed-role/pipeline/millrace";

export type VerifiedService = "kafka" | "postgres" | "redis" | "opensearch";

export interface VerifiedServices extends AsyncDisposable {
  /** Sends the processes to the verifying servers, by IAM only. */
  environment: Record<string, string>;
  /** Lets a test bypass them, to the same data. */
  direct: Record<string, string>;
  keys: readonly IssuedKey[];
  /** Every text that must not be logged: the agent's token, keys, session tokens, and signatures. */
  secrets(): string[];
  /**
   * Number of keys that ended after this service had accepted a token or request signed with them. No token outlives
   * its key, so at least that many of the service's tokens have expired in turn.
   */
  expiries(): Promise<Record<VerifiedService, number>>;
  /** Why tokens and requests were refused. */
  refusals(): Promise<string[]>;
}

/** Lifetimes; seconds here, minutes and hours in AWS. */
export interface Lifetimes {
  keyMs: number;
  kafkaSessionMs: number;
  redisSessionMs: number;
}

/**
 * A broker that checks MSK's tokens and binds rights to the role by ACLs, and servers that check signatures in front of
 * the stack's PostgreSQL, Redis and OpenSearch. The keys come from an EKS Pod Identity agent, which every process asks
 * itself.
 */
export async function startVerifiedServices(
  stack: StackEnvironment,
  namespace: Namespace,
  lifetimes: Lifetimes,
): Promise<VerifiedServices> {
  await using started = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), "millrace-verified-"));
  started.defer(() => rm(directory, { recursive: true }));
  const certificates = await makeCertificates(directory);
  const broker = started.use(
    await startSecureKafka({
      ...{ region: REGION, credentials: [], users: {} },
      reauthenticationMaxMs: lifetimes.kafkaSessionMs,
    }),
  );
  const agent = started.use(
    await startPodIdentityAgent(lifetimes.keyMs, (keys) => broker.setCredentials(keys.map(knownToKafka))),
  );
  const stores = started.use(await startStores(stack, agent.issued, certificates, lifetimes.redisSessionMs));
  const direct = { ...stack, ...namespace, KAFKA_BOOTSTRAP_SERVERS: broker.addresses.plaintext };
  await prepareKafka(direct, ROLE);

  const resources = started.move();
  return {
    keys: agent.issued,
    direct,
    environment: { ...namespace, ...agent.environment, ...kafkaVariables(broker), ...stores.environment },
    secrets: () => [
      agent.authorization,
      ...agent.issued.flatMap(({ secretAccessKey, sessionToken }) => [secretAccessKey, sessionToken]),
      ...stores.passwords().map(signatureOf),
    ],
    async expiries() {
      const kafka = new Set(await found(broker, /MSK IAM: accepted: (\w+)/g));
      const ended = new Set(agent.issued.flatMap((key) => (key.expiresAtMs <= Date.now() ? [key.accessKeyId] : [])));
      const { postgres, redis, opensearch } = stores.accepted;
      const count = (accepted: ReadonlySet<string>): number => [...accepted].filter((each) => ended.has(each)).length;
      return { kafka: count(kafka), postgres: count(postgres), redis: count(redis), opensearch: count(opensearch) };
    },
    refusals: async () => [...(await found(broker, /MSK IAM: refused: (.*)/g)), ...stores.refusals()],
    [Symbol.asyncDispose]: () => resources[Symbol.asyncDispose](),
  };
}

async function startStores(
  stack: StackEnvironment,
  keys: readonly IssuedKey[],
  certificates: Certificates,
  redisSessionMs: number,
) {
  await using started = new AsyncDisposableStack();
  const rds = presigned("rds-db", "DBUser", keys);
  const elastiCache = presigned("elasticache", "User", keys);
  const postgres = started.use(
    await startPostgresAuthenticator(certificates.server, stack, (password, address, user) =>
      rds.judge(password, address, user),
    ),
  );
  const redis = started.use(
    await startRedisAuthenticator(
      certificates.server,
      { host: stack.REDIS_HOST, port: Number(stack.REDIS_PORT) },
      redisSessionMs,
      (user, password) => elastiCache.judge(password, CACHE, user),
    ),
  );
  const opensearch = started.use(
    await startSigningProxy(stack.OPENSEARCH_ENDPOINT, { region: REGION, service: "es", keys }),
  );
  const resources = started.move();
  return {
    accepted: { postgres: rds.accepted, redis: elastiCache.accepted, opensearch: opensearch.accepted },
    passwords: () => [...postgres.passwords, ...redis.passwords],
    refusals: () => [...postgres.refusals, ...redis.refusals, ...opensearch.refusals],
    environment: {
      POSTGRES_USE_IAM_AUTH: "true",
      POSTGRES_HOST: postgres.host,
      POSTGRES_PORT: String(postgres.port),
      POSTGRES_USER: USER,
      POSTGRES_TLS_CA_PATH: certificates.caPath,
      REDIS_USE_IAM_AUTH: "true",
      REDIS_HOST: "127.0.0.1",
      REDIS_PORT: String(redis.port),
      REDIS_USERNAME: USER,
      REDIS_IAM_CACHE_NAME: CACHE,
      REDIS_TLS_CA_PATH: certificates.caPath,
      OPENSEARCH_USE_IAM_AUTH: "true",
      OPENSEARCH_ENDPOINT: opensearch.url,
    },
    [Symbol.asyncDispose]: () => resources[Symbol.asyncDispose](),
  };
}

/** Checks presigned passwords, and remembers the keys of the valid ones. */
function presigned(service: string, userParameter: string, keys: readonly IssuedKey[]) {
  const accepted = new Set<string>();
  const judge = (password: string, host: string, user: string): string | undefined => {
    const refusal = password.startsWith(`${host}/`)
      ? refusePresigned(password, { region: REGION, service, keys }, { Action: "connect", [userParameter]: user })
      : `signed for another host than ${host}`;
    if (refusal === undefined) accepted.add(accessKeyOf(password));
    return refusal;
  };
  return { accepted, judge };
}

function kafkaVariables({ addresses, certificates }: SecureKafka): Record<string, string> {
  return {
    AWS_REGION: REGION,
    KAFKA_USE_IAM_AUTH: "true",
    KAFKA_BOOTSTRAP_SERVERS: addresses.iam,
    KAFKA_TLS_CA_PATH: certificates.caPath,
    KAFKA_CREATE_TOPICS: "false",
  };
}

/** The first group of each match in the broker's log. */
async function found(broker: SecureKafka, pattern: RegExp): Promise<string[]> {
  return [...(await broker.readLog()).matchAll(pattern)].map(([, group = ""]) => group);
}

function signatureOf(password: string): string {
  return /X-Amz-Signature=([0-9a-f]{64})/.exec(password)?.[1] ?? password;
}

function knownToKafka(key: IssuedKey) {
  return { ...key, arn: ROLE, expiresAt: new Date(key.expiresAtMs) };
}
