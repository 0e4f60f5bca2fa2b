import { readConfiguration } from "@millrace/shared";
import { eventually, startSecureKafka, testPatience, uniqueName } from "@millrace/testbed";
import kafkajs, { type AclEntry, type Kafka } from "kafkajs";
import { afterAll, expect, test } from "vitest";
import { z } from "zod";
import { createKafka } from "../src/client.ts";
import { kafkaSettings } from "../src/settings.ts";
import { collect, finish, withAdmin } from "./support.ts";

const { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } = kafkajs;

const broker = await startSecureKafka({ region: "eu-west-1", credentials: [], users: { alice: "alice-secret" } });
afterAll(() => broker[Symbol.asyncDispose]());

function client(environment: Record<string, string>): Kafka {
  const settings = readConfiguration(z.object(kafkaSettings), {
    KAFKA_TLS_CA_PATH: broker.certificates.caPath,
    ...environment,
  });
  return createKafka(settings, "test", testPatience().log);
}

const owner = client({ KAFKA_BOOTSTRAP_SERVERS: broker.addresses.plaintext });
const alice = client({
  KAFKA_SECURITY: "scram",
  KAFKA_BOOTSTRAP_SERVERS: broker.addresses.scram,
  KAFKA_SCRAM_USERNAME: "alice",
  KAFKA_SCRAM_PASSWORD: "alice-secret",
});

const mayRead = (resourceType: AclEntry["resourceType"], resourceName: string): AclEntry => ({
  principal: "User:alice",
  host: "*",
  permissionType: AclPermissionTypes.ALLOW,
  resourcePatternType: ResourcePatternTypes.LITERAL,
  operation: AclOperationTypes.READ,
  resourceType,
  resourceName,
});

/** Whether the broker lets alice see the topic by now: a change of its ACLs takes a moment. */
const isVisible = (topic: string) =>
  withAdmin(alice, (admin) => admin.fetchTopicMetadata({ topics: [topic] })).then(
    () => true,
    () => false,
  );

test("commits that the broker denies are logged, counted and named in health, until one succeeds", async () => {
  const [topic, groupId] = [uniqueName("topic"), uniqueName("group")];
  const readTopic = mayRead(AclResourceTypes.TOPIC, topic);
  await withAdmin(owner, async (admin) => {
    await admin.createTopics({ topics: [{ topic }], waitForLeaders: true });
    await admin.createAcls({ acl: [readTopic, mayRead(AclResourceTypes.GROUP, groupId)] });
  });
  await eventually(() => isVisible(topic)).toBe(true);
  // At its limit the consumer does not fetch, which the broker would deny too.
  await using consumer = await collect(groupId, topic, { inFlightMax: 1 }, alice);
  const producer = owner.producer();
  await producer.connect();
  await producer.send({ topic, messages: Array.from({ length: 3 }, () => ({ value: "text" })) });
  await producer.disconnect();
  await eventually(() => consumer.received.length).toBe(1);
  const commitHealth = () => consumer.patience.health.dependencies["kafka.commit"];

  await withAdmin(owner, (admin) => admin.deleteAcls({ filters: [readTopic] }));
  await eventually(() => isVisible(topic)).toBe(false);
  finish(consumer.received, 0, 0);
  await eventually(() => commitHealth()?.state).toBe("waiting");
  expect(commitHealth()?.cause).toMatch(/not authorized/i);
  expect(consumer.consumption.commitFailures).toBeGreaterThan(0);
  const lines = () => consumer.patience.lines().filter(({ action }) => action === "kafka.commit");
  expect(lines().map(({ status }) => status)).toEqual(["retry"]);

  await withAdmin(owner, (admin) => admin.createAcls({ acl: [readTopic] }));
  await eventually(() => commitHealth()?.state).toBe("working");
  expect(lines().at(-1)?.status).toBe("ok");
  const committed = await withAdmin(owner, (admin) => admin.fetchOffsets({ groupId, topics: [topic] }));
  expect(committed).toMatchObject([{ topic, partitions: [{ partition: 0, offset: "1" }] }]);
});
