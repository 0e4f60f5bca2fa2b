import { setTimeout as sleep } from "node:timers/promises";
import type { AwsCredentials } from "@millrace/connections";
import { readConfiguration } from "@millrace/shared";
import { eventually, startSecureKafka, testPatience, uniqueName } from "@millrace/testbed";
import kafkajs, { type Kafka } from "kafkajs";
import { afterAll, expect, test, vi } from "vitest";
import { z } from "zod";
import { createKafka } from "../src/client.ts";
import { connectProducer } from "../src/produce.ts";
import { kafkaSettings } from "../src/settings.ts";
import { collect, withAdmin } from "./support.ts";

const { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } = kafkajs;

const REGION = "eu-west-1";
const writer = {
  accessKeyId: "AKIAEXAMPLEWRITER",
  secretAccessKey: "an-example/of+a-secret",
  arn: "arn:aws:iam::000000000000:role/writer",
};
const session = {
  accessKeyId: "ASIAEXAMPLESESSION",
  secretAccessKey: "another/example+secret",
  sessionToken: "an/example+session=token==",
  arn: "arn:aws:sts::000000000000:assumed-role/pipeline/millrace",
};
const expired = {
  accessKeyId: "ASIAEXAMPLEEXPIRED",
  secretAccessKey: "a/third+example",
  sessionToken: "past",
  arn: "arn:aws:sts::000000000000:assumed-role/pipeline/past",
  expiresAt: new Date(Date.now() - 60_000),
};
/** A session is renewed five seconds before its end, so that a stall of the machine does not end it. */
const REAUTHENTICATION_MAX_MS = 8_000;
const REAUTHENTICATION_THRESHOLD_MS = 5_000;
const broker = await startSecureKafka({
  region: REGION,
  credentials: [writer, session, expired],
  users: { alice: "alice-secret" },
  reauthenticationMaxMs: REAUTHENTICATION_MAX_MS,
});
afterAll(() => broker[Symbol.asyncDispose]());

const patience = testPatience();
const settingsSchema = z.object(kafkaSettings);

/** A client with the settings of a process. */
function client(environment: Record<string, string>, credentials?: () => Promise<AwsCredentials>): Kafka {
  const settings = readConfiguration(settingsSchema, {
    KAFKA_TLS_CA_PATH: broker.certificates.caPath,
    KAFKA_REAUTHENTICATION_THRESHOLD_MS: String(REAUTHENTICATION_THRESHOLD_MS),
    ...environment,
  });
  return createKafka(settings, "test", patience.log, credentials);
}

function iamClient(credentials: AwsCredentials | (() => Promise<AwsCredentials>), region = REGION): Kafka {
  const environment = {
    KAFKA_USE_IAM_AUTH: "true",
    KAFKA_BOOTSTRAP_SERVERS: broker.addresses.iam,
    AWS_REGION: region,
  };
  return client(environment, typeof credentials === "function" ? credentials : async () => credentials);
}

const owner = client({ KAFKA_BOOTSTRAP_SERVERS: broker.addresses.plaintext });

const allow = (principal: string, topic: string, groupId: string) =>
  withAdmin(owner, (admin) => {
    const rule = {
      principal: `User:${principal}`,
      host: "*",
      permissionType: AclPermissionTypes.ALLOW,
      resourcePatternType: ResourcePatternTypes.LITERAL,
    };
    const onTopic = { ...rule, resourceType: AclResourceTypes.TOPIC, resourceName: topic };
    const onGroup = { ...rule, resourceType: AclResourceTypes.GROUP, resourceName: groupId };
    return admin.createAcls({
      acl: [
        { ...onTopic, operation: AclOperationTypes.WRITE },
        { ...onTopic, operation: AclOperationTypes.READ },
        { ...onGroup, operation: AclOperationTypes.READ },
      ],
    });
  });

const record = { value: Buffer.from("text") };

/** A producer is denied before this principal has an ACL; after that producer, consumer and admin are allowed. */
async function expectRightsOf(kafka: Kafka, principal: string): Promise<void> {
  const topic = uniqueName("topic");
  const groupId = uniqueName("group");
  await withAdmin(owner, (admin) => admin.createTopics({ topics: [{ topic }], waitForLeaders: true }));
  await using producer = await connectProducer(kafka, patience);
  expect(await producer.trySend(topic, [record])).toMatchObject({
    fault: { cause: expect.stringMatching(/authoriz/i) },
  });
  await allow(principal, topic, groupId);
  // An ACL takes effect a moment after its creation; `send` retries.
  await producer.send(topic, [record]);
  await using consumer = await collect(groupId, topic, {}, kafka);
  await eventually(() => consumer.received.map(({ value }) => String(value))).toEqual(["text"]);
  expect(await withAdmin(kafka, (admin) => admin.listTopics())).toEqual([topic]);
}

test("IAM with a long-lived key: ACLs apply to the role's ARN", async () => {
  await expectRightsOf(iamClient(writer), writer.arn);
});

test("IAM with a session token, as from IRSA", async () => {
  await expectRightsOf(iamClient(session), session.arn);
});

test.each([
  ["a wrong secret", { ...writer, secretAccessKey: "wrong" }, REGION, "wrong signature"],
  ["an unknown key", { ...writer, accessKeyId: "AKIAUNKNOWN" }, REGION, "unknown access key"],
  ["expired credentials", expired, REGION, "the credentials have expired"],
  ["another region", writer, "eu-west-2", "signed for the region eu-west-2"],
  ["no session token", { ...session, sessionToken: "" }, REGION, "wrong session token"],
])("%s is refused at connect, and the error names the remedy but no token", async (_, key, region, reason) => {
  const { accessKeyId, secretAccessKey, sessionToken } = { sessionToken: "", ...key };
  const credentials = { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) };
  const connecting = withAdmin(iamClient(credentials, region), async () => "connected");
  await expect(connecting).rejects.toThrow(/refused the IAM token \(\w+\).*kafka-cluster:Connect/);
  await expect(connecting).rejects.not.toThrow(/Bearer|X-Amz/);
  expect(await broker.readLog()).toContain(reason);
});

test("a token signed 20 minutes ago, or by a clock that slow, is refused as expired", async () => {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() - 20 * 60_000 });
  try {
    await expect(withAdmin(iamClient(writer), async () => "connected")).rejects.toThrow(/refused the IAM token/);
  } finally {
    vi.useRealTimers();
  }
  expect(await broker.readLog()).toContain("the token has expired");
});

test("without credentials the error says so, and the client retries until there are some", async () => {
  let given = false;
  const kafka = iamClient(async () => {
    if (!given) throw new Error("Could not load credentials from any providers");
    return writer;
  });
  const waiting = testPatience();
  const connecting = connectProducer(kafka, waiting);
  await eventually(() => waiting.health.dependencies["kafka.produce"]?.cause).toMatch(
    /no AWS credentials .*Could not load/,
  );
  given = true;
  await using _producer = await connecting;
});

test("a connection outlives many sessions, with a fresh token for each, and loses nothing", async () => {
  const topic = uniqueName("topic");
  const groupId = uniqueName("group");
  await withAdmin(owner, (admin) => admin.createTopics({ topics: [{ topic }], waitForLeaders: true }));
  await allow(writer.arn, topic, groupId);
  let tokens = 0;
  const kafka = iamClient(async () => {
    tokens++;
    return writer;
  });
  await using producer = await connectProducer(kafka, patience);
  await producer.send(topic, [record]);
  await using consumer = await collect(groupId, topic, {}, kafka);
  let sent = 1;
  const faults: unknown[] = [];
  const endsAtMs = Date.now() + 2 * REAUTHENTICATION_MAX_MS;
  while (Date.now() < endsAtMs) {
    const outcome = await producer.trySend(topic, [record]);
    if ("fault" in outcome) faults.push(outcome.fault);
    else sent++;
    await sleep(50);
  }
  await eventually(() => consumer.received.length).toBe(sent);
  expect(faults).toEqual([]);
  expect(consumer.patience.lines().filter(({ status }) => status !== "ok")).toEqual([]);
  // The producer and the consumer each have at least one connection, which needs a token every three seconds.
  expect(tokens).toBeGreaterThan(8);
});

test("a revoked key is refused at the next authentication, and a restored one accepted", async () => {
  const topic = uniqueName("topic");
  await withAdmin(owner, (admin) => admin.createTopics({ topics: [{ topic }], waitForLeaders: true }));
  await allow(writer.arn, topic, "none");
  await using producer = await connectProducer(iamClient(writer), patience);
  await producer.send(topic, [record]);
  await broker.setCredentials([session]);
  const faultOf = async () => {
    const outcome = await producer.trySend(topic, [record]);
    return "fault" in outcome ? outcome.fault.cause : "";
  };
  await expect.poll(faultOf, { timeout: 20_000, interval: 100 }).not.toBe("");
  await broker.setCredentials([writer, session, expired]);
  await producer.send(topic, [record]);
});

test("SCRAM-SHA-512: the broker accepts the right password and refuses a wrong one", async () => {
  const scram = {
    KAFKA_SECURITY: "scram",
    KAFKA_BOOTSTRAP_SERVERS: broker.addresses.scram,
    KAFKA_SCRAM_USERNAME: "alice",
  };
  await expectRightsOf(client({ ...scram, KAFKA_SCRAM_PASSWORD: "alice-secret" }), "alice");
  const wrong = client({ ...scram, KAFKA_SCRAM_PASSWORD: "wrong-secret" });
  await expect(withAdmin(wrong, (admin) => admin.listTopics())).rejects.toThrow(
    /invalid credentials with SASL mechanism SCRAM-SHA-512/,
  );
});

test("a plaintext client is refused by every TLS listener, with a password or without", async () => {
  for (const address of [broker.addresses.tls, broker.addresses.scram, broker.addresses.mtls]) {
    const plaintext = client({ KAFKA_BOOTSTRAP_SERVERS: address });
    await expect(withAdmin(plaintext, (admin) => admin.listTopics())).rejects.toThrow();
  }
});

test("mTLS: the certificate's name is the principal; without a certificate the broker closes the connection", async () => {
  const mtls = { KAFKA_SECURITY: "tls", KAFKA_BOOTSTRAP_SERVERS: broker.addresses.mtls };
  const { certificatePath, keyPath } = broker.certificates.client;
  const known = client({ ...mtls, KAFKA_TLS_CERTIFICATE_PATH: certificatePath, KAFKA_TLS_KEY_PATH: keyPath });
  await expectRightsOf(known, "client");
  await expect(withAdmin(client(mtls), (admin) => admin.listTopics())).rejects.toThrow();
});

test("TLS without a client certificate: encrypted and anonymous; a server of another authority is refused", async () => {
  const tls = { KAFKA_SECURITY: "tls", KAFKA_BOOTSTRAP_SERVERS: broker.addresses.tls };
  expect(await withAdmin(client(tls), (admin) => admin.listTopics())).toContain("__consumer_offsets");
  const distrustful = client({ ...tls, KAFKA_TLS_CA_PATH: broker.certificates.client.certificatePath });
  await expect(withAdmin(distrustful, (admin) => admin.listTopics())).rejects.toThrow(/certificate/);
});

test("a missing file is a configuration error that names its variable", () => {
  const environment = { KAFKA_SECURITY: "tls", KAFKA_BOOTSTRAP_SERVERS: broker.addresses.tls };
  expect(() => client({ ...environment, KAFKA_TLS_CA_PATH: "missing.pem" })).toThrow(/KAFKA_TLS_CA_PATH can't be read/);
});

test("the log of all these connections contains no token, password or secret", () => {
  const log = JSON.stringify(patience.lines());
  expect(log).toContain("kafka.produce");
  expect(log).not.toMatch(/X-Amz|Bearer|alice-secret|example\/of|example\+secret/);
});
