/// <reference path="./kafkajs-batch.d.ts" />
import type { Broker, Kafka } from "kafkajs";
import Batch from "kafkajs/src/consumer/batch.js";

/**
 * The only file that reaches into kafkajs. Its public clients offer no fetch without a consumer group, no LeaveGroup for
 * another member, and no single request that shows a permission. kafkajs 2.2.4 is its last release, so this won't move.
 */
export { Batch };

/** One partition of a fetch response. */
export type FetchedData = ConstructorParameters<typeof Batch>[2];

export interface InternalBroker extends Pick<Broker, "describeGroups"> {
  fetch(request: {
    isolationLevel?: number;
    maxWaitTime: number;
    minBytes?: number;
    maxBytes: number;
    topics: { topic: string; partitions: { partition: number; fetchOffset: string | number; maxBytes: number }[] }[];
  }): Promise<{ responses: { partitions: FetchedData[] }[] }>;
  listOffsets(request: {
    isolationLevel: number;
    topics: { topic: string; partitions: { partition: number; timestamp: number }[] }[];
  }): Promise<{ responses: { partitions: { partition: number; offset: string }[] }[] }>;
  leaveGroup(request: { groupId: string; memberId: string }): Promise<unknown>;
  metadata(topics: string[]): Promise<unknown>;
  produce(request: unknown): Promise<unknown>;
  offsetCommit(request: unknown): Promise<unknown>;
  createTopics(request: unknown): Promise<unknown>;
  initProducerId(request: { transactionTimeout: number }): Promise<unknown>;
}

/** The brokers and the connections to them, as every kafkajs client has them inside. */
export interface InternalCluster {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  /** `null`: no broker answered. */
  metadata(request: { topics: string[] }): Promise<{ topicMetadata: InternalTopicMetadata[] } | null>;
  findBroker(node: { nodeId: number }): Promise<InternalBroker>;
  findGroupCoordinator(group: { groupId: string }): Promise<InternalBroker>;
  brokerPool: { findConnectedBroker(): Promise<InternalBroker> };
}

interface InternalTopicMetadata {
  topic: string;
  partitionMetadata: { partitionId: number; leader: number }[];
}

/** A cluster with the client's configuration, not connected yet. */
export function createCluster(kafka: Kafka): InternalCluster {
  const name = Object.getOwnPropertySymbols(kafka).find(({ description }) => description?.endsWith(":createCluster"));
  const create = name && (kafka as unknown as Record<symbol, (options: object) => InternalCluster>)[name];
  if (!create) throw new TypeError("this release of kafkajs has no createCluster: use 2.2.4");
  // kafkajs would cache the metadata of all topics together, and fail for all of them once one topic is deleted.
  return create({ metadataMaxAge: 0, allowAutoTopicCreation: false });
}
