import type { AwsCredentialsProvider } from "@millrace/connections";
import { quietly } from "@millrace/shared";
import { createKafka } from "./client.ts";
import { createCluster, type InternalBroker } from "./internals/kafkajs.ts";
import type { KafkaSettings } from "./settings.ts";

/** No topic has a partition of this number. */
const NO_PARTITION = 2_147_483_647;
const READ_MAX_BYTES = 1_024;

/**
 * Requests that show what a principal may do and change nothing: they write no record, join no group and move no offset.
 * A broker checks the permission before it looks for the partition, so a request for a partition that no topic has is
 * answered with "unknown partition" if it is allowed, and with a denial if it is not
 * (docs/decisions/0009-doctor-writes-nothing.md).
 */
export interface KafkaRequests {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  describe(topic: string): Promise<unknown>;
  create(topic: string): Promise<unknown>;
  read(topic: string): Promise<unknown>;
  write(topic: string): Promise<unknown>;
  /** Requests the identity of an idempotent producer, and writes no record with it. */
  identify(): Promise<unknown>;
  observe(groupId: string): Promise<unknown>;
  join(groupId: string, topic: string): Promise<unknown>;
}

export function openKafkaRequests(settings: KafkaSettings, credentials?: AwsCredentialsProvider): KafkaRequests {
  // One retry for each further broker: the client begins with one of them and goes on to the next.
  const retry = { retries: settings.KAFKA_BOOTSTRAP_SERVERS.length - 1, initialRetryTime: 50, maxRetryTime: 50 };
  const cluster = createCluster(createKafka(settings, "millrace-doctor", quietly().log, credentials, retry));
  const send = async (request: (broker: InternalBroker) => Promise<unknown>) =>
    request(await cluster.brokerPool.findConnectedBroker());
  const offset = { partition: NO_PARTITION, offset: "0" };
  const record = { partition: NO_PARTITION, messages: [{ value: Buffer.from("doctor") }] };
  const first = { partition: 0, fetchOffset: "0", maxBytes: READ_MAX_BYTES };
  return {
    connect: () => cluster.connect(),
    disconnect: () => cluster.disconnect(),
    describe: (topic) => send((broker) => broker.metadata([topic])),
    create: (topic) => send((broker) => broker.createTopics({ topics: [{ topic }], validateOnly: true })),
    read: (topic) => {
      const topics = [{ topic, partitions: [first] }];
      return send((broker) => broker.fetch({ topics, maxWaitTime: 0, maxBytes: READ_MAX_BYTES }));
    },
    write: (topic) => send((broker) => broker.produce({ topicData: [{ topic, partitions: [record] }] })),
    identify: () => send((broker) => broker.initProducerId({ transactionTimeout: 0 })),
    observe: (groupId) => send((broker) => broker.describeGroups({ groupIds: [groupId] })),
    join: (groupId, topic) => {
      // Outside any generation, as command-line tools commit.
      const commit = { groupId, groupGenerationId: -1, memberId: "", topics: [{ topic, partitions: [offset] }] };
      return send((broker) => broker.offsetCommit(commit));
    },
  };
}
