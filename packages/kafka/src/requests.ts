/// <reference path="./kafkajs-cluster.d.ts" />

import type { AwsCredentialsProvider } from "@millrace/connections";
import { quietly } from "@millrace/shared";
import Cluster, { type RequestBroker } from "kafkajs/src/cluster/index.js";
import createSocketFactory from "kafkajs/src/network/socketFactory.js";
import { createKafka } from "./client.ts";
import { kafkaSecurity } from "./security.ts";
import type { KafkaSettings } from "./settings.ts";

/** No topic has a partition of this number. */
const NO_PARTITION = 2_147_483_647;
const READ_MAX_BYTES = 1_024;

/**
 * Requests that show what a principal may do and change nothing: no record is written, no group joined, no offset
 * moved. A broker looks at the permission before it looks for the partition, so what is asked for a partition that no
 * topic has is answered by "unknown partition" where it is allowed, and by a denial where it is not
 * (docs/decisions/0009-doctor-writes-nothing.md).
 */
export interface KafkaRequests {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  describe(topic: string): Promise<unknown>;
  create(topic: string): Promise<unknown>;
  read(topic: string): Promise<unknown>;
  write(topic: string): Promise<unknown>;
  /** Asks for the identity of an idempotent producer, which no record is written with. */
  identify(): Promise<unknown>;
  observe(groupId: string): Promise<unknown>;
  join(groupId: string, topic: string): Promise<unknown>;
}

export function openKafkaRequests(settings: KafkaSettings, credentials?: AwsCredentialsProvider): KafkaRequests {
  const clientId = "millrace-doctor";
  const cluster = new Cluster({
    clientId,
    logger: createKafka(settings, clientId, quietly().log, credentials).logger(),
    socketFactory: createSocketFactory(),
    brokers: settings.KAFKA_BOOTSTRAP_SERVERS,
    connectionTimeout: settings.KAFKA_CONNECTION_TIMEOUT_MS,
    requestTimeout: settings.KAFKA_REQUEST_TIMEOUT_MS,
    enforceRequestTimeout: true,
    allowAutoTopicCreation: false,
    // One more try for each further broker: the client begins with one of them and goes on to the next.
    retry: { retries: settings.KAFKA_BOOTSTRAP_SERVERS.length - 1, initialRetryTime: 50, maxRetryTime: 50 },
    ...kafkaSecurity(settings, credentials),
  });
  const ask = async (request: (broker: RequestBroker) => Promise<unknown>) =>
    request(await cluster.brokerPool.findConnectedBroker());
  const offset = { partition: NO_PARTITION, offset: "0" };
  const record = { partition: NO_PARTITION, messages: [{ value: Buffer.from("doctor") }] };
  const first = { partition: 0, fetchOffset: "0", maxBytes: READ_MAX_BYTES };
  return {
    connect: () => cluster.connect(),
    disconnect: () => cluster.disconnect(),
    describe: (topic) => ask((broker) => broker.metadata([topic])),
    create: (topic) => ask((broker) => broker.createTopics({ topics: [{ topic }], validateOnly: true })),
    read: (topic) => {
      const topics = [{ topic, partitions: [first] }];
      return ask((broker) => broker.fetch({ topics, maxWaitTime: 0, maxBytes: READ_MAX_BYTES }));
    },
    write: (topic) => ask((broker) => broker.produce({ topicData: [{ topic, partitions: [record] }] })),
    identify: () => ask((broker) => broker.initProducerId({ transactionTimeout: 0 })),
    observe: (groupId) => ask((broker) => broker.describeGroups({ groupIds: [groupId] })),
    join: (groupId, topic) => {
      // Outside of any generation, as tools commit.
      const commit = { groupId, groupGenerationId: -1, memberId: "", topics: [{ topic, partitions: [offset] }] };
      return ask((broker) => broker.offsetCommit(commit));
    },
  };
}
