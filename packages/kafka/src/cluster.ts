/// <reference path="./internals.d.ts" />
import type { Kafka } from "kafkajs";
import type Batch from "kafkajs/src/consumer/batch.js";
import { protocolError } from "./protocol-error.ts";

/** What kafkajs's own consumers are made on; it has no type, and no consumer without a group. */
interface Cluster {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  /** `null` where no broker answered. */
  metadata(request: { topics: string[] }): Promise<{ topicMetadata: TopicMetadata[] } | null>;
  findBroker(node: { nodeId: number }): Promise<Broker>;
}

interface TopicMetadata {
  topic: string;
  partitionMetadata: { partitionId: number; leader: number }[];
}

export interface Broker {
  fetch(request: {
    isolationLevel: number;
    maxWaitTime: number;
    minBytes: number;
    maxBytes: number;
    topics: { topic: string; partitions: { partition: number; fetchOffset: string; maxBytes: number }[] }[];
  }): Promise<{ responses: { partitions: ConstructorParameters<typeof Batch>[2][] }[] }>;
  listOffsets(request: {
    isolationLevel: number;
    topics: { topic: string; partitions: { partition: number; timestamp: number }[] }[];
  }): Promise<{ responses: { partitions: { partition: number; offset: string }[] }[] }>;
}

/** What an open transaction has written is not there yet: neither to be fetched, nor below a partition's end. */
export const READ_COMMITTED = 1;
const LEADERS_MAX_AGE_MS = 30_000;

/** The broker that leads each partition of a topic. */
export type Leaders = ReadonlyMap<number, number>;

/**
 * A connection to the brokers that several calls may use at once: what one of them asks for, and what comes of it, is
 * nothing to the others. It connects with its first use, and disconnects after its last once it is retired.
 */
export class Connection {
  readonly #opening: Promise<Cluster>;
  // As many as there are topics that somebody reads.
  readonly #leaders = new Map<string, { leaders: Leaders; untilMs: number }>();
  #users = 0;
  #isRetired = false;

  constructor(kafka: Kafka) {
    this.#opening = connect(kafka);
  }

  async use<Value>(work: () => Promise<Value>): Promise<Value> {
    this.#users++;
    try {
      return await work();
    } finally {
      this.#users--;
      this.#closeWhenUnused();
    }
  }

  /** No call begins on it any more; those under way end as they will. */
  retire(): void {
    this.#isRetired = true;
    this.#closeWhenUnused();
  }

  /** Ends the calls under way too. */
  async close(): Promise<void> {
    await this.#opening.then((cluster) => cluster.disconnect()).catch(() => undefined);
  }

  async broker(nodeId: number): Promise<Broker> {
    return (await this.#opening).findBroker({ nodeId });
  }

  /** `undefined`: there is no such topic. */
  async leaders(topic: string): Promise<Leaders | undefined> {
    const known = this.#leaders.get(topic);
    if (known && performance.now() < known.untilMs) return known.leaders;
    const leaders = await askLeaders(await this.#opening, topic);
    if (leaders) this.#leaders.set(topic, { leaders, untilMs: performance.now() + LEADERS_MAX_AGE_MS });
    else this.forget(topic);
    return leaders;
  }

  /** They may have moved. */
  forget(topic: string): void {
    this.#leaders.delete(topic);
  }

  #closeWhenUnused(): void {
    if (this.#isRetired && this.#users === 0) void this.close();
  }
}

async function connect(kafka: Kafka): Promise<Cluster> {
  // Under this name kafkajs 2.2.4, its last release, keeps what makes a cluster of the client's own configuration.
  const name = Object.getOwnPropertySymbols(kafka).find(({ description }) => description?.endsWith(":createCluster"));
  const create = name && (kafka as unknown as Record<symbol, (options: object) => Cluster>)[name];
  if (!create) throw new TypeError("this release of kafkajs keeps its cluster elsewhere");
  // Its own memory of topics is one for all callers, and fails for all of them when one topic is deleted.
  const cluster = create({ metadataMaxAge: 0, allowAutoTopicCreation: false });
  await cluster.connect();
  return cluster;
}

async function askLeaders(cluster: Cluster, topic: string): Promise<Leaders | undefined> {
  try {
    const answer = await cluster.metadata({ topics: [topic] });
    const metadata = answer?.topicMetadata.find((each) => each.topic === topic);
    if (!metadata) throw new Error(`no broker tells who leads topic ${topic}`);
    return new Map(metadata.partitionMetadata.map(({ partitionId, leader }) => [partitionId, leader]));
  } catch (error) {
    if (protocolError(error) === "UNKNOWN_TOPIC_OR_PARTITION") return undefined;
    throw error;
  }
}
