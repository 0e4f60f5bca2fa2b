import {
  connectProducer,
  createKafka,
  createTopicReader,
  ensureTopics,
  kafkaSettings,
  openOrderedProducer,
  readRanges,
} from "@millrace/kafka";
import { readConfiguration } from "@millrace/shared";
import { CLOSED_PORT, startSecureKafka, testPatience } from "@millrace/testbed";
import kafkajs, { type AclEntry } from "kafkajs";
import { afterAll, beforeEach, expect, test, vi } from "vitest";
import { z } from "zod";
import {
  CALLER,
  examineSetUp,
  expectVerdict,
  failedOf,
  key,
  listenAsSts,
  REGION,
  type SetUp,
  session,
} from "./doctor-support.ts";

const {
  AclOperationTypes: operations,
  AclPermissionTypes: permissions,
  AclResourceTypes: resources,
  ResourcePatternTypes: patterns,
} = kafkajs;

const expired = { ...key, accessKeyId: "AKIAEXPIRED" };
const broker = await startSecureKafka({
  region: REGION,
  credentials: [
    { ...key, arn: "arn:aws:iam::000000000000:role/other" },
    { ...session, arn: CALLER },
    { ...expired, arn: "arn:aws:iam::000000000000:role/past", expiresAt: new Date(Date.now() - 60_000) },
  ],
  users: { alice: "s3cret-alice" },
});
const sts = await listenAsSts();
afterAll(() => Promise.all([broker[Symbol.asyncDispose](), sts[Symbol.asyncDispose]()]));

const unguarded = createKafka(
  readConfiguration(z.object(kafkaSettings), { KAFKA_BOOTSTRAP_SERVERS: broker.addresses.plaintext }),
  "test",
  testPatience().log,
);
const owner = unguarded.admin();
await owner.connect();
afterAll(() => owner.disconnect());

const topics = ["messages", "replay", "batches", "vectors", "dead-letters"];
await owner.createTopics({ topics: topics.map((topic) => ({ topic })), waitForLeaders: true });

const names = {
  KAFKA_TOPICS: "messages",
  REPLAY_TOPIC: "replay",
  BATCHES_TOPIC: "batches",
  VECTORS_TOPIC: "vectors",
  DEAD_LETTERS_TOPIC: "dead-letters",
  KAFKA_CREATE_TOPICS: "false",
  AUTH_JWKS_URL: "https://login.example.com/keys",
  EVENTS_TOPIC_PATTERN: "events\\.[a-z]+",
  EVENTS_DLQ_TOPIC: "events-dlq",
};
const iam = {
  ...names,
  KAFKA_USE_IAM_AUTH: "true",
  KAFKA_BOOTSTRAP_SERVERS: broker.addresses.iam,
  KAFKA_TLS_CA_PATH: broker.certificates.caPath,
  AWS_ENDPOINT_URL_STS: `http://127.0.0.1:${sts.port}`,
};
const scram = {
  ...iam,
  KAFKA_USE_IAM_AUTH: "false",
  KAFKA_SECURITY: "scram",
  KAFKA_BOOTSTRAP_SERVERS: broker.addresses.scram,
  KAFKA_SCRAM_USERNAME: "alice",
  KAFKA_SCRAM_PASSWORD: "s3cret-alice",
};

type Rule = [resource: "topic" | "group" | "cluster", name: string, operation: keyof typeof operations];
/** What ingest needs, as ACLs; each test leaves one out. A name that ends in `*` is a prefix. */
const ingestRules: Rule[] = [
  ["topic", "messages", "READ"],
  ["topic", "replay", "READ"],
  ["topic", "batches", "WRITE"],
  ["topic", "dead-letters", "WRITE"],
  ["group", "millrace-ingest", "READ"],
];

const apiRules: Rule[] = [
  ["topic", "messages", "WRITE"],
  ["topic", "batches", "DESCRIBE"],
  ["topic", "vectors", "DESCRIBE"],
  ["topic", "dead-letters", "READ"],
  ["topic", "replay", "WRITE"],
  ["topic", "events.*", "READ"],
  ["topic", "events.*", "WRITE"],
  ["topic", "events-dlq", "WRITE"],
  ["group", "millrace-ingest", "DESCRIBE"],
  ["group", "millrace-embed", "DESCRIBE"],
  ["group", "millrace-sink", "DESCRIBE"],
];

async function allowOnly(principal: string, rules: readonly Rule[]): Promise<void> {
  const any = { resourcePatternType: patterns.ANY, permissionType: permissions.ANY, operation: operations.ANY };
  await owner.deleteAcls({ filters: [{ ...any, resourceType: resources.ANY }] });
  const acl = rules.map(
    ([resource, name, operation]): AclEntry => ({
      principal: `User:${principal}`,
      host: "*",
      permissionType: permissions.ALLOW,
      resourcePatternType: name.endsWith("*") ? patterns.PREFIXED : patterns.LITERAL,
      resourceType: { topic: resources.TOPIC, group: resources.GROUP, cluster: resources.CLUSTER }[resource],
      resourceName: name.replace(/\*$/, ""),
      operation: operations[operation],
    }),
  );
  if (acl.length > 0) await owner.createAcls({ acl });
}

beforeEach(() => allowOnly(CALLER, ingestRules));

const base = { subject: "ingest", environment: iam, credentials: session } as const;

const api = {
  ...base,
  subject: "api",
  // No sink has created the table there, and no embed process runs.
  environment: { ...iam, POSTGRES_SCHEMA: "without_a_table", EMBED_URL: `http://127.0.0.1:${CLOSED_PORT}` },
  also: ["postgres", "embed"] satisfies SetUp["also"],
} as const;
const onTopic = (name: string) => [`arn:aws:kafka:eu-west-1:000000000000:topic/CLUSTER_NAME/*/${name}`];

const refusals: Record<string, SetUp> = {
  "a wrong secret key": {
    ...base,
    credentials: { ...key, secretAccessKey: "wrong" },
    verdict: ["kafka", "authentication", "kafka_iam_refused"],
    remedy:
      "Allow kafka-cluster:Connect as below. If it is already allowed, check the key, AWS_REGION, the clock, and that this is the right cluster.",
    missing: { "kafka-cluster:Connect": ["arn:aws:kafka:eu-west-1:000000000000:cluster/CLUSTER_NAME/*"] },
  },
  "an unknown key, such as another account's": {
    ...base,
    credentials: { ...key, accessKeyId: "AKIAUNKNOWN" },
    verdict: ["kafka", "authentication", "kafka_iam_refused"],
    remedy:
      "Allow kafka-cluster:Connect as below. If it is already allowed, check the key, AWS_REGION, the clock, and that this is the right cluster.",
    missing: { "kafka-cluster:Connect": ["arn:aws:kafka:eu-west-1:000000000000:cluster/CLUSTER_NAME/*"] },
  },
  "a token for another region": {
    ...base,
    environment: { ...iam, AWS_REGION: "eu-west-2" },
    verdict: ["kafka", "authentication", "kafka_iam_refused"],
    remedy:
      "Allow kafka-cluster:Connect as below. If it is already allowed, check the key, AWS_REGION, the clock, and that this is the right cluster.",
    missing: { "kafka-cluster:Connect": ["arn:aws:kafka:eu-west-2:000000000000:cluster/CLUSTER_NAME/*"] },
  },
  "expired credentials": {
    ...base,
    credentials: expired,
    verdict: ["kafka", "authentication", "kafka_iam_refused"],
    remedy:
      "Allow kafka-cluster:Connect as below. If it is already allowed, check the key, AWS_REGION, the clock, and that this is the right cluster.",
    missing: { "kafka-cluster:Connect": ["arn:aws:kafka:eu-west-1:000000000000:cluster/CLUSTER_NAME/*"] },
  },
  "temporary credentials without their session token": {
    ...base,
    credentials: { accessKeyId: session.accessKeyId, secretAccessKey: session.secretAccessKey },
    verdict: ["kafka", "authentication", "kafka_iam_refused"],
    remedy:
      "Allow kafka-cluster:Connect as below. If it is already allowed, check the key, AWS_REGION, the clock, and that this is the right cluster.",
    missing: { "kafka-cluster:Connect": ["arn:aws:kafka:eu-west-1:000000000000:cluster/CLUSTER_NAME/*"] },
  },
  "a wrong SCRAM password": {
    subject: "ingest",
    environment: { ...scram, KAFKA_SCRAM_PASSWORD: "s3cret-wrong" },
    verdict: ["kafka", "authentication", "kafka_scram_refused"],
    remedy:
      "Check KAFKA_SCRAM_USERNAME and KAFKA_SCRAM_PASSWORD; on MSK the secret must be associated with the cluster.",
  },
  "SCRAM on the port for IAM": {
    subject: "ingest",
    environment: { ...scram, KAFKA_BOOTSTRAP_SERVERS: broker.addresses.iam },
    verdict: ["kafka", "authentication", "kafka_mechanism"],
    remedy:
      "Check KAFKA_SECURITY and the port in KAFKA_BOOTSTRAP_SERVERS: MSK listens for IAM on 9098, SCRAM on 9096, TLS on 9094, plaintext on 9092.",
  },
  "mTLS without a certificate": {
    subject: "ingest",
    environment: {
      ...iam,
      KAFKA_USE_IAM_AUTH: "false",
      KAFKA_SECURITY: "tls",
      KAFKA_BOOTSTRAP_SERVERS: broker.addresses.mtls,
    },
    verdict: ["kafka", "authentication", "kafka_hung_up"],
    remedy:
      "Check that KAFKA_SECURITY matches this port, and for mTLS that KAFKA_TLS_CERTIFICATE_PATH and KAFKA_TLS_KEY_PATH are a pair that the cluster trusts.",
  },
  "plaintext to a port for TLS": {
    subject: "ingest",
    environment: { ...names, KAFKA_BOOTSTRAP_SERVERS: broker.addresses.tls },
    verdict: ["kafka", "authentication", "kafka_hung_up"],
    remedy:
      "Check that KAFKA_SECURITY matches this port, and for mTLS that KAFKA_TLS_CERTIFICATE_PATH and KAFKA_TLS_KEY_PATH are a pair that the cluster trusts.",
  },
  "brokers of another authority": {
    ...base,
    environment: { ...iam, KAFKA_TLS_CA_PATH: broker.certificates.client.certificatePath },
    verdict: ["kafka", "tls", "tls_untrusted"],
    remedy:
      "Set KAFKA_TLS_CA_PATH to the PEM file of the signing authority; for RDS, use the bundle from truststore.pki.rds.amazonaws.com.",
  },
  "a missing topic that may not be created": {
    subject: "ingest",
    environment: { ...names, KAFKA_BOOTSTRAP_SERVERS: broker.addresses.plaintext, BATCHES_TOPIC: "bathces" },
    verdict: ["kafka", "authorization", "kafka_topic_missing"],
    remedy: "Create bathces, set KAFKA_CREATE_TOPICS=true, or correct the topic's name.",
  },
};
test.each(Object.entries(refusals))("%s", (_, setUp) => expectVerdict(setUp));

function without(rules: readonly Rule[], name: string, operation: Rule[2]): Rule[] {
  return rules.filter((rule) => rule[1] !== name || rule[2] !== operation);
}

const denials: Record<string, SetUp & { rules?: Rule[] }> = {
  "DescribeTopic is missing": {
    ...base,
    rules: without(ingestRules, "replay", "READ"),
    verdict: ["kafka", "authorization", "kafka_denied"],
    remedy:
      "Allow kafka-cluster:DescribeTopic on replay: with IAM by the statements below, otherwise by ACLs for these operations.",
    missing: { "kafka-cluster:DescribeTopic": ["arn:aws:kafka:eu-west-1:000000000000:topic/CLUSTER_NAME/*/replay"] },
  },
  "ReadData is missing": {
    ...base,
    rules: [...ingestRules.slice(1), ["topic", "messages", "DESCRIBE"]],
    verdict: ["kafka", "probe", "kafka_denied"],
    remedy:
      "Allow kafka-cluster:ReadData on messages: with IAM by the statements below, otherwise by ACLs for these operations.",
    missing: { "kafka-cluster:ReadData": ["arn:aws:kafka:eu-west-1:000000000000:topic/CLUSTER_NAME/*/messages"] },
  },
  "WriteData is missing, on two topics": {
    ...base,
    rules: [
      ...ingestRules.filter(([, , operation]) => operation !== "WRITE"),
      ["topic", "batches", "DESCRIBE"],
      ["topic", "dead-letters", "DESCRIBE"],
    ],
    verdict: ["kafka", "probe", "kafka_denied"],
    remedy:
      "Allow kafka-cluster:WriteData on batches, kafka-cluster:WriteData on dead-letters: with IAM by the statements below, otherwise by ACLs for these operations.",
    missing: {
      "kafka-cluster:WriteData": [
        "arn:aws:kafka:eu-west-1:000000000000:topic/CLUSTER_NAME/*/batches",
        "arn:aws:kafka:eu-west-1:000000000000:topic/CLUSTER_NAME/*/dead-letters",
      ],
    },
  },
  "AlterGroup is missing": {
    ...base,
    rules: [...ingestRules.slice(0, 4), ["group", "millrace-ingest", "DESCRIBE"]],
    verdict: ["kafka", "probe", "kafka_denied"],
    remedy:
      "Allow kafka-cluster:AlterGroup on millrace-ingest: with IAM by the statements below, otherwise by ACLs for these operations.",
    missing: {
      "kafka-cluster:AlterGroup": ["arn:aws:kafka:eu-west-1:000000000000:group/CLUSTER_NAME/*/millrace-ingest"],
    },
  },
  "DescribeGroup is missing, for the api's lags": {
    ...api,
    rules: apiRules.slice(0, -1),
    verdict: ["kafka", "probe", "kafka_denied"],
    remedy:
      "Allow kafka-cluster:DescribeGroup on millrace-sink: with IAM by the statements below, otherwise by ACLs for these operations.",
    missing: {
      "kafka-cluster:DescribeGroup": ["arn:aws:kafka:eu-west-1:000000000000:group/CLUSTER_NAME/*/millrace-sink"],
    },
  },
  "ReadData of dead letters is missing, for the api's replay": {
    ...api,
    rules: [...without(apiRules, "dead-letters", "READ"), ["topic", "dead-letters", "DESCRIBE"]],
    verdict: ["kafka", "probe", "kafka_denied"],
    remedy:
      "Allow kafka-cluster:ReadData on dead-letters: with IAM by the statements below, otherwise by ACLs for these operations.",
    missing: { "kafka-cluster:ReadData": onTopic("dead-letters") },
  },
  "WriteData of the replay topic is missing, for the api's replay": {
    ...api,
    rules: [...without(apiRules, "replay", "WRITE"), ["topic", "replay", "DESCRIBE"]],
    verdict: ["kafka", "probe", "kafka_denied"],
    remedy:
      "Allow kafka-cluster:WriteData on replay: with IAM by the statements below, otherwise by ACLs for these operations.",
    missing: { "kafka-cluster:WriteData": onTopic("replay") },
  },
  "ReadData is missing for topics of events": {
    ...api,
    rules: without(apiRules, "events.*", "READ"),
    verdict: ["kafka", "probe", "kafka_denied"],
    remedy:
      "Allow kafka-cluster:ReadData on events.*: with IAM by the statements below, otherwise by ACLs for these operations.",
    missing: { "kafka-cluster:ReadData": onTopic("events.*") },
  },
  "WriteData is missing for topics of events, and for the dead letters of events": {
    ...api,
    rules: [
      ...without(without(apiRules, "events.*", "WRITE"), "events-dlq", "WRITE"),
      ["topic", "events-dlq", "DESCRIBE"],
    ],
    verdict: ["kafka", "probe", "kafka_denied"],
    remedy:
      "Allow kafka-cluster:WriteData on events.*, kafka-cluster:WriteData on events-dlq: with IAM by the statements below, otherwise by ACLs for these operations.",
    missing: { "kafka-cluster:WriteData": [...onTopic("events.*"), ...onTopic("events-dlq")] },
  },
  "CreateTopic is missing for topics of events": {
    ...api,
    environment: { ...api.environment, KAFKA_CREATE_TOPICS: "true" },
    rules: [...apiRules, ["topic", "events-dlq", "CREATE"]],
    verdict: ["kafka", "authorization", "kafka_denied"],
    remedy:
      "Allow kafka-cluster:CreateTopic on events.*: with IAM by the statements below, otherwise by ACLs for these operations.",
    missing: { "kafka-cluster:CreateTopic": onTopic("events.*") },
  },
  "an api that may not write has no idempotent producer either": {
    ...api,
    rules: [
      ...apiRules.filter(([, , operation]) => operation !== "WRITE"),
      ...["messages", "replay", "events-dlq"].map((topic): Rule => ["topic", topic, "DESCRIBE"]),
    ],
    verdict: ["kafka", "probe", "kafka_denied"],
    remedy:
      "Allow kafka-cluster:WriteData on messages, kafka-cluster:WriteData on replay, kafka-cluster:WriteData on events.*, kafka-cluster:WriteData on events-dlq, kafka-cluster:WriteDataIdempotently on the cluster: with IAM by the statements below, otherwise by ACLs for these operations.",
    missing: {
      "kafka-cluster:WriteData": ["messages", "replay", "events.*", "events-dlq"].flatMap(onTopic),
      "kafka-cluster:WriteDataIdempotently": ["arn:aws:kafka:eu-west-1:000000000000:cluster/CLUSTER_NAME/*"],
    },
  },
  "WriteData of the replay topic is missing, for a command": {
    ...api,
    subject: "cli",
    also: ["postgres"],
    rules: [
      ["topic", "messages", "READ"],
      ["topic", "dead-letters", "READ"],
      ["topic", "replay", "DESCRIBE"],
    ],
    verdict: ["kafka", "probe", "kafka_denied"],
    remedy:
      "Allow kafka-cluster:WriteData on replay: with IAM by the statements below, otherwise by ACLs for these operations.",
    missing: { "kafka-cluster:WriteData": onTopic("replay") },
  },
  "CreateTopic is missing": {
    ...base,
    environment: { ...iam, KAFKA_CREATE_TOPICS: "true", VECTORS_TOPIC: "vectors-new" },
    rules: [...ingestRules, ["topic", "vectors-new", "DESCRIBE"], ["topic", "vectors", "DESCRIBE"]],
    verdict: ["kafka", "authorization", "kafka_denied"],
    remedy:
      "Allow kafka-cluster:CreateTopic on vectors-new: with IAM by the statements below, otherwise by ACLs for these operations.",
    missing: { "kafka-cluster:CreateTopic": ["arn:aws:kafka:eu-west-1:000000000000:topic/CLUSTER_NAME/*/vectors-new"] },
  },
  "another role, without permissions": {
    ...base,
    credentials: key,
    verdict: ["kafka", "authorization", "kafka_denied"],
    remedy:
      "Allow kafka-cluster:DescribeTopic on messages, kafka-cluster:DescribeTopic on replay, kafka-cluster:DescribeTopic on batches, kafka-cluster:DescribeTopic on dead-letters: with IAM by the statements below, otherwise by ACLs for these operations.",
    missing: {
      "kafka-cluster:DescribeTopic": [
        "arn:aws:kafka:eu-west-1:000000000000:topic/CLUSTER_NAME/*/messages",
        "arn:aws:kafka:eu-west-1:000000000000:topic/CLUSTER_NAME/*/replay",
        "arn:aws:kafka:eu-west-1:000000000000:topic/CLUSTER_NAME/*/batches",
        "arn:aws:kafka:eu-west-1:000000000000:topic/CLUSTER_NAME/*/dead-letters",
      ],
    },
  },
};
test.each(Object.entries(denials))("%s", async (_, { rules = ingestRules, ...setUp }) => {
  await allowOnly(CALLER, rules);
  // A new ACL takes a moment to apply.
  await vi.waitFor(() => expectVerdict(setUp), { timeout: 20_000, interval: 200 });
});

test("with the permissions that the doctor requires, the api replays, and creates, writes and reads topics of events", async () => {
  const environment = { ...api.environment, KAFKA_CREATE_TOPICS: "true" };
  const created = ["events.*", "events-dlq"].map((topic): Rule => ["topic", topic, "CREATE"]);
  await allowOnly(CALLER, [...apiRules, ...created]);
  await expect
    .poll(async () => failedOf(await examineSetUp({ ...api, environment })), { timeout: 20_000 })
    .toEqual(["postgres", "embed"]);

  const settings = readConfiguration(z.object(kafkaSettings), { ...iam, AWS_REGION: REGION });
  const patience = testPatience();
  const kafka = createKafka(settings, "test", patience.log, async () => session);
  const names = ["events.payments", "events-dlq"];
  await ensureTopics(
    kafka,
    names.map((topic) => ({ topic, partitions: 1 })),
    1,
    patience,
  );
  for (const topic of names) {
    await using producer = openOrderedProducer(kafka, topic, patience);
    const [delivery] = await producer.deliver([{ value: Buffer.from("event") }], AbortSignal.timeout(20_000));
    expect(delivery).toMatchObject({ placement: { partition: 0, offset: 0 } });
  }
  {
    await using writer = await connectProducer(unguarded, patience);
    await writer.send("dead-letters", [{ value: Buffer.from("dead letter") }]);
  }
  await using reader = createTopicReader(kafka);
  const valuesOf = async (topic: string) => {
    const values: string[] = [];
    const ranges = (await reader.ranges(topic)) ?? [];
    for await (const { value } of readRanges(reader, topic, ranges)) values.push(String(value));
    return values;
  };
  expect(await valuesOf("events.payments")).toEqual(["event"]);
  expect(await valuesOf("dead-letters")).toEqual(["dead letter"]);
  await using producer = await connectProducer(kafka, patience);
  expect(await producer.trySend("replay", [{ value: Buffer.from("dead letter") }])).toHaveProperty("value");
});

test("allowed actions pass, write no record, and join no group", async () => {
  const offsets = () => Promise.all(topics.map((topic) => owner.fetchTopicOffsets(topic)));
  const before = await offsets();
  await expect.poll(async () => failedOf(await examineSetUp(base)), { timeout: 10_000 }).toEqual([]);
  expect(await offsets()).toEqual(before);
  expect((await owner.listGroups()).groups).toEqual([]);
});
