import { policyOf, type Subject, trustPolicyOf } from "@millrace/doctor";
import { expect, test } from "vitest";
import { readSubject } from "./subjects.ts";

const ROLE = "arn:aws:iam::123456789012:role/pipeline";
const required = { OPENSEARCH_ENDPOINT: "https://search", POSTGRES_HOST: "database", REDIS_HOST: "cache" };
const msk = {
  AWS_REGION: "eu-west-1",
  KAFKA_USE_IAM_AUTH: "true",
  KAFKA_CREATE_TOPICS: "false",
  KAFKA_BOOTSTRAP_SERVERS: "b-2.my-cluster.abc123.c2.kafka.eu-west-1.amazonaws.com:9098",
};
/** Opens /api/v1 to callers with a token. */
const serving = { ...msk, AUTH_JWKS_URL: "https://login.example.com/keys" };

function allowed(subject: Subject, environment: Record<string, string>, roleArn: string | undefined = ROLE): string[] {
  const { settings } = readSubject(subject, { KAFKA_BOOTSTRAP_SERVERS: "broker:9098", ...required, ...environment });
  const { Statement } = policyOf(subject, settings, roleArn);
  return Statement.flatMap(({ Action, Resource = [] }) =>
    Action.flatMap((action) => Resource.map((resource) => `${action} ${resource.split(":").slice(5).join(":")}`)),
  );
}

test("a stage may only read what it consumes and write what it produces", () => {
  expect(allowed("embed", msk).sort()).toEqual([
    "kafka-cluster:AlterGroup group/my-cluster/*/millrace-embed",
    "kafka-cluster:Connect cluster/my-cluster/*",
    "kafka-cluster:DescribeGroup group/my-cluster/*/millrace-embed",
    "kafka-cluster:DescribeTopic topic/my-cluster/*/millrace.batches",
    "kafka-cluster:DescribeTopic topic/my-cluster/*/millrace.dead-letters",
    "kafka-cluster:DescribeTopic topic/my-cluster/*/millrace.vectors",
    "kafka-cluster:ReadData topic/my-cluster/*/millrace.batches",
    "kafka-cluster:WriteData topic/my-cluster/*/millrace.dead-letters",
    "kafka-cluster:WriteData topic/my-cluster/*/millrace.vectors",
  ]);
});

test("the api may write source topics and events, replay dead letters and read lags, but join no group", () => {
  const environment = { ...serving, EVENTS_TOPIC_PATTERN: "payments|events\\.[a-z]+" };
  const actions = allowed("api", environment);
  expect(actions.filter((action) => action.includes("ReadData")).sort()).toEqual([
    "kafka-cluster:ReadData topic/my-cluster/*/events.*",
    "kafka-cluster:ReadData topic/my-cluster/*/millrace.dead-letters",
    "kafka-cluster:ReadData topic/my-cluster/*/payments",
  ]);
  expect(actions.filter((action) => action.includes("WriteData")).sort()).toEqual([
    "kafka-cluster:WriteData topic/my-cluster/*/events.*",
    "kafka-cluster:WriteData topic/my-cluster/*/messages",
    "kafka-cluster:WriteData topic/my-cluster/*/millrace.events.dlq",
    "kafka-cluster:WriteData topic/my-cluster/*/millrace.replay",
    "kafka-cluster:WriteData topic/my-cluster/*/payments",
    "kafka-cluster:WriteDataIdempotently cluster/my-cluster/*",
  ]);
  expect(actions.filter((action) => action.includes("DescribeGroup"))).toHaveLength(3);
  expect(actions.filter((action) => /CreateTopic|AlterGroup/.test(action))).toEqual([]);
  const creating = allowed("api", { ...environment, KAFKA_CREATE_TOPICS: "true" });
  expect(creating).toContain("kafka-cluster:CreateTopic topic/my-cluster/*/events.*");
  expect(creating).toContain("kafka-cluster:CreateTopic topic/my-cluster/*/millrace.events.dlq");
});

test("an api without tokens serves no events and needs only its own topics", () => {
  const actions = allowed("api", { ...msk, EVENTS_TOPIC_PATTERN: "payments" });
  expect(actions.filter((action) => /payments|events|Idempotently/.test(action))).toEqual([]);
  expect(actions).toContain("kafka-cluster:WriteData topic/my-cluster/*/messages");
});

test("the commands may read sources and dead letters, replay, and check whether the index exists", () => {
  const environment = { ...msk, KAFKA_CREATE_TOPICS: "true", OPENSEARCH_USE_IAM_AUTH: "true" };
  const actions = allowed("cli", environment).filter((action) => !action.includes("DescribeTopic"));
  expect(actions.sort()).toEqual([
    "es:ESHttpGet domain/DOMAIN_NAME/*",
    "es:ESHttpHead domain/DOMAIN_NAME/*",
    "es:ESHttpPost domain/DOMAIN_NAME/*",
    "kafka-cluster:Connect cluster/my-cluster/*",
    "kafka-cluster:ReadData topic/my-cluster/*/messages",
    "kafka-cluster:ReadData topic/my-cluster/*/millrace.dead-letters",
    "kafka-cluster:WriteData topic/my-cluster/*/millrace.replay",
  ]);
});

test("only the api has an idempotent producer", () => {
  const subjects = ["ingest", "embed", "sink", "api", "cli", "all"] as const;
  const having = subjects.filter((subject) =>
    allowed(subject, serving).some((action) => action.startsWith("kafka-cluster:WriteDataIdempotently ")),
  );
  expect(having).toEqual(["api", "all"]);
});

test("only the sink may create the index, and only if it is configured to", () => {
  const iam = { AWS_REGION: "eu-west-1", OPENSEARCH_USE_IAM_AUTH: "true" };
  const puts = (subject: Subject, environment = {}) =>
    allowed(subject, { ...iam, ...environment }).some((action) => action.startsWith("es:ESHttpPut"));
  expect([puts("sink"), puts("api"), puts("sink", { OPENSEARCH_CREATE_INDEX: "false" })]).toEqual([true, false, false]);
});

test.each([
  [{ OPENSEARCH_ENDPOINT: "https://vpc-my-domain-a1b2c3.eu-west-1.es.amazonaws.com" }, "domain/my-domain/*"],
  [{ OPENSEARCH_ENDPOINT: "https://search.example.com" }, "domain/DOMAIN_NAME/*"],
  [
    { OPENSEARCH_ENDPOINT: "https://abc123.eu-west-1.aoss.amazonaws.com", OPENSEARCH_AWS_SERVICE: "aoss" },
    "collection/abc123",
  ],
])("%o is the resource %s", (environment, resource) => {
  const iam = { AWS_REGION: "eu-west-1", OPENSEARCH_USE_IAM_AUTH: "true" };
  expect(allowed("api", { ...iam, ...environment })[0]).toMatch(new RegExp(` ${resource.replace("*", "\\*")}$`));
});

test("unknown parts of an ARN are placeholders", () => {
  const { settings } = readSubject("ingest", { ...msk, ...required, KAFKA_BOOTSTRAP_SERVERS: "broker:9098" });
  expect(policyOf("ingest", settings).Statement[0]?.Resource).toEqual([
    "arn:aws:kafka:eu-west-1:ACCOUNT_ID:cluster/CLUSTER_NAME/*",
  ]);
});

test("the trust policy names the pod's issuer and service account", () => {
  const { settings } = readSubject("ingest", { ...msk, ...required });
  const pod = { issuer: "oidc.eks.eu-west-1.amazonaws.com/id/A", subject: "system:serviceaccount:pipeline:sink" };
  expect(trustPolicyOf("irsa", settings, { arn: ROLE, pod }).Statement[0]).toEqual({
    Effect: "Allow",
    Principal: {
      Federated: "arn:aws:iam::123456789012:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/A",
    },
    Action: ["sts:AssumeRoleWithWebIdentity"],
    Condition: {
      StringEquals: {
        "oidc.eks.eu-west-1.amazonaws.com/id/A:aud": "sts.amazonaws.com",
        "oidc.eks.eu-west-1.amazonaws.com/id/A:sub": "system:serviceaccount:pipeline:sink",
      },
    },
  });
});
