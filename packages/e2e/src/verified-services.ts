import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensurePipelineTopics, openClients } from "@millrace/shared";
import {
  accessKeyOf,
  type IssuedKey,
  makeCertificates,
  type Namespace,
  refusePresigned,
  type StackEnvironment,
  startPodIdentityAgent,
  startPostgresAuthenticator,
  startRedisAuthenticator,
  startSecureKafka,
  startSigningProxy,
} from "@millrace/stack";
import kafkajs from "kafkajs";

const { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } = kafkajs;

const REGION = "eu-west-1";
const USER = "pipeline";
const CACHE = "progress";
const ROLE = "arn:aws:sts::000000000000:assumed-role/pipeline/millrace";

export type VerifiedService = "kafka" | "postgres" | "redis" | "opensearch";

export interface VerifiedServices extends AsyncDisposable {
  /** Sends the processes to the servers that verify, by IAM alone. */
  environment: Record<string, string>;
  /** Sends a test past them to the same data. */
  direct: Record<string, string>;
  keys: readonly IssuedKey[];
  /** Every text that nobody may log: the agent's token, keys, session tokens, and signatures. */
  secrets(): string[];
  /**
   * How many keys ended after this service had accepted a token, or a request, that was signed with them. No token outlives
   * its key, so that many of the service's tokens have expired, one after the other.
   */
  expiries(): Promise<Record<VerifiedService, number>>;
  /** Why tokens and requests were refused. */
  refusals(): Promise<string[]>;
}

/** How long things hold; seconds, where AWS has minutes and hours. */
export interface Lifetimes {
  keyMs: number;
  kafkaSessionMs: number;
  redisSessionMs: number;
}

/**
 * A broker that checks MSK's tokens and binds rights to the role by ACLs, and servers that check signatures before the stack's
 * PostgreSQL, Redis and OpenSearch. The keys come from an agent of EKS Pod Identity, which every process asks by itself.
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
      region: REGION,
      credentials: [],
      users: {},
      reauthenticationMaxMs: lifetimes.kafkaSessionMs,
    }),
  );
  const agent = started.use(
    await startPodIdentityAgent(lifetimes.keyMs, (keys) => broker.setCredentials(keys.map(knownToKafka))),
  );
  const keys = agent.issued;
  const accepted = { postgres: new Set<string>(), redis: new Set<string>() };
  const judge = (service: keyof typeof accepted, refusal: string | undefined, password: string) => {
    if (refusal === undefined) accepted[service].add(accessKeyOf(password));
    return refusal;
  };
  const postgres = started.use(
    await startPostgresAuthenticator(certificates.server, stack, (password, address, user) => {
      const expectation = { region: REGION, service: "rds-db", keys };
      const elsewhere = password.startsWith(`${address}/`) ? undefined : "signed for another address";
      return judge(
        "postgres",
        elsewhere ?? refusePresigned(password, expectation, { Action: "connect", DBUser: user }),
        password,
      );
    }),
  );
  const redisTarget = { host: stack.REDIS_HOST, port: Number(stack.REDIS_PORT) };
  const redis = started.use(
    await startRedisAuthenticator(certificates.server, redisTarget, lifetimes.redisSessionMs, (user, password) => {
      const expectation = { region: REGION, service: "elasticache", keys };
      const elsewhere = password.startsWith(`${CACHE}/`) ? undefined : "signed for another cache";
      return judge(
        "redis",
        elsewhere ?? refusePresigned(password, expectation, { Action: "connect", User: user }),
        password,
      );
    }),
  );
  const opensearch = started.use(
    await startSigningProxy(stack.OPENSEARCH_ENDPOINT, { region: REGION, service: "es", keys }),
  );
  const direct = { ...stack, ...namespace, KAFKA_BOOTSTRAP_SERVERS: broker.addresses.plaintext };
  await prepareKafka(direct);

  const ended = (accessKeys: Iterable<string>): number => {
    const known = new Map(keys.map(({ accessKeyId, expiresAtMs }) => [accessKeyId, expiresAtMs]));
    return [...accessKeys].filter((each) => (known.get(each) ?? Number.POSITIVE_INFINITY) <= Date.now()).length;
  };
  const resources = started.move();
  return {
    keys,
    direct,
    environment: {
      ...namespace,
      ...agent.environment,
      AWS_REGION: REGION,
      KAFKA_USE_IAM_AUTH: "true",
      KAFKA_BOOTSTRAP_SERVERS: broker.addresses.iam,
      KAFKA_TLS_CA_PATH: broker.certificates.caPath,
      KAFKA_CREATE_TOPICS: "false",
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
    secrets: () => [
      agent.authorization,
      ...keys.flatMap(({ secretAccessKey, sessionToken }) => [secretAccessKey, sessionToken]),
      ...[...postgres.passwords, ...redis.passwords].map(signatureOf),
    ],
    async expiries() {
      const lines = (await broker.readLog()).matchAll(/MSK IAM: accepted: (\w+)/g);
      return {
        kafka: ended(new Set([...lines].map(([, accessKey = ""]) => accessKey))),
        postgres: ended(accepted.postgres),
        redis: ended(accepted.redis),
        opensearch: ended(opensearch.accepted),
      };
    },
    async refusals() {
      const lines = (await broker.readLog()).matchAll(/MSK IAM: refused: (.*)/g);
      const byKafka = [...lines].map(([, reason = ""]) => reason);
      return [...byKafka, ...postgres.refusals, ...redis.refusals, ...opensearch.refusals];
    },
    [Symbol.asyncDispose]: () => resources[Symbol.asyncDispose](),
  };
}

function signatureOf(presigned: string): string {
  return /X-Amz-Signature=([0-9a-f]{64})/.exec(presigned)?.[1] ?? presigned;
}

function knownToKafka(key: IssuedKey) {
  return { ...key, arn: ROLE, expiresAt: new Date(key.expiresAtMs) };
}

/** The topics, and what the role may do with them and with the pipeline's groups: nothing else is allowed. */
async function prepareKafka(direct: Record<string, string>): Promise<void> {
  await using clients = openClients(direct, "e2e");
  const { kafka, config, patience } = clients;
  await ensurePipelineTopics(kafka, config, patience);
  const topics = [
    ...config.KAFKA_TOPICS,
    ...[config.BATCHES_TOPIC, config.VECTORS_TOPIC, config.DEAD_LETTERS_TOPIC, config.REPLAY_TOPIC],
  ];
  const rule = { principal: `User:${ROLE}`, host: "*", permissionType: AclPermissionTypes.ALLOW };
  const literal = { ...rule, resourcePatternType: ResourcePatternTypes.LITERAL };
  const onGroups = { resourceType: AclResourceTypes.GROUP, resourceName: config.KAFKA_GROUP_PREFIX };
  const admin = kafka.admin();
  await admin.connect();
  try {
    await admin.createAcls({
      acl: [
        ...topics.flatMap((resourceName) =>
          [AclOperationTypes.READ, AclOperationTypes.WRITE].map((operation) => ({
            ...literal,
            ...{ resourceType: AclResourceTypes.TOPIC, resourceName, operation },
          })),
        ),
        { ...rule, ...onGroups, resourcePatternType: ResourcePatternTypes.PREFIXED, operation: AclOperationTypes.READ },
      ],
    });
  } finally {
    await admin.disconnect();
  }
}
