/// <reference path="./internals.d.ts" />
import type { Kafka } from "kafkajs";
import Batch from "kafkajs/src/consumer/batch.js";
import { protocolError } from "./produce.ts";
import type { OffsetRange, ReadRecord } from "./read.ts";
import { headersOf } from "./received.ts";

/** What one fetch brought of a partition. */
export interface FetchedPartition {
  partition: number;
  records: ReadRecord[];
  /** Where to go on: compaction and transactions leave offsets without a record. */
  nextOffset: number;
}

export interface FetchLimits {
  /** Of the answer, and of one partition in it; a larger first record comes all the same. */
  maxBytes: number;
  /** How long the brokers wait where there is nothing yet. */
  maxWaitMs: number;
}

/**
 * Reads topics at offsets of the caller's choice, without a consumer group: nothing is joined, committed or rebalanced,
 * and no permission on a group is needed. One call at a time: the brokers answer the requests of a connection in turn.
 * Rejects while a broker is away or a topic is missing; the next call connects anew.
 */
export interface TopicReader extends AsyncDisposable {
  /** The offsets that each partition holds now, at and after a time where one is given; `undefined`: no such topic. */
  ranges(topic: string, fromMs?: number): Promise<OffsetRange[] | undefined>;
  fetch(topic: string, offsets: ReadonlyMap<number, number>, limits: FetchLimits): Promise<FetchedPartition[]>;
}

/** What kafkajs's own consumers are made on; it has no type, and no consumer without a group. */
interface Cluster {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  addTargetTopic(topic: string): Promise<void>;
  refreshMetadataIfNecessary(): Promise<void>;
  findTopicPartitionMetadata(topic: string): { partitionId: number }[];
  findLeaderForPartitions(topic: string, partitions: readonly number[]): Record<string, number[]>;
  findBroker(node: { nodeId: string }): Promise<Broker>;
  fetchTopicsOffset(
    topics: { topic: string; partitions: { partition: number }[]; fromBeginning?: boolean; fromTimestamp?: number }[],
  ): Promise<{ partitions: { partition: number; offset: string }[] }[]>;
}

interface Broker {
  fetch(request: {
    isolationLevel: number;
    maxWaitTime: number;
    minBytes: number;
    maxBytes: number;
    topics: { topic: string; partitions: { partition: number; fetchOffset: string; maxBytes: number }[] }[];
  }): Promise<{ responses: { partitions: { partition: number; highWatermark: string }[] }[] }>;
}

const READ_COMMITTED = 1;
const METADATA_MAX_AGE_MS = 30_000;

export function createTopicReader(kafka: Kafka): TopicReader {
  return new ClusterReader(kafka);
}

class ClusterReader implements TopicReader {
  #kafka: Kafka;
  #connecting: Promise<Cluster> | undefined;

  constructor(kafka: Kafka) {
    this.#kafka = kafka;
  }

  async ranges(topic: string, fromMs?: number): Promise<OffsetRange[] | undefined> {
    return this.#use(topic, async (cluster) => {
      const partitions = cluster.findTopicPartitionMetadata(topic).map(({ partitionId: partition }) => ({ partition }));
      if (partitions.length === 0) return undefined;
      const ask = async (bound: { fromBeginning: boolean } | { fromTimestamp: number }) => {
        const [answer] = await cluster.fetchTopicsOffset([{ topic, partitions, ...bound }]);
        return new Map(answer?.partitions.map(({ partition, offset }) => [partition, Number(offset)]));
      };
      const low = await ask({ fromBeginning: true });
      const high = await ask({ fromBeginning: false });
      const since = fromMs === undefined ? low : await ask({ fromTimestamp: fromMs });
      return partitions
        .map(({ partition }) => {
          const to = high.get(partition) ?? 0;
          const first = since.get(partition) ?? 0;
          // -1: nothing is that young.
          return { partition, from: first < 0 ? to : Math.max(first, low.get(partition) ?? 0), to };
        })
        .sort((a, b) => a.partition - b.partition);
    });
  }

  async fetch(topic: string, offsets: ReadonlyMap<number, number>, limits: FetchLimits): Promise<FetchedPartition[]> {
    return this.#use(topic, async (cluster) => {
      const leaders = cluster.findLeaderForPartitions(topic, [...offsets.keys()]);
      const answers = await Promise.all(
        Object.entries(leaders).map(async ([nodeId, partitions]) => {
          const broker = await cluster.findBroker({ nodeId });
          return fetchFrom(broker, topic, new Map(partitions.map((each) => [each, offsets.get(each) ?? 0])), limits);
        }),
      );
      return answers.flat();
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#forget(this.#connecting);
  }

  async #use<Value>(topic: string, work: (cluster: Cluster) => Promise<Value>): Promise<Value> {
    const connecting = this.#connecting ?? connect(this.#kafka);
    this.#connecting = connecting;
    try {
      const cluster = await connecting;
      await cluster.refreshMetadataIfNecessary();
      return await work(await withTopic(cluster, topic));
    } catch (error) {
      // Its metadata may name a topic that was deleted, or leaders that moved: it would go on failing.
      await this.#forget(connecting);
      throw error;
    }
  }

  async #forget(connecting: Promise<Cluster> | undefined): Promise<void> {
    if (this.#connecting === connecting) this.#connecting = undefined;
    await connecting?.then((cluster) => cluster.disconnect()).catch(() => undefined);
  }
}

async function connect(kafka: Kafka): Promise<Cluster> {
  // Under this name kafkajs 2.2.4, its last release, keeps what makes a cluster of the client's own configuration.
  const name = Object.getOwnPropertySymbols(kafka).find(({ description }) => description?.endsWith(":createCluster"));
  const create = name && (kafka as unknown as Record<symbol, (options: object) => Cluster>)[name];
  if (!create) throw new TypeError("this release of kafkajs keeps its cluster elsewhere");
  const cluster = create({
    metadataMaxAge: METADATA_MAX_AGE_MS,
    allowAutoTopicCreation: false,
    isolationLevel: READ_COMMITTED,
  });
  await cluster.connect();
  return cluster;
}

/** A topic that is missing is not added, and is then one without partitions. */
async function withTopic(cluster: Cluster, topic: string): Promise<Cluster> {
  try {
    await cluster.addTargetTopic(topic);
  } catch (error) {
    if (protocolError(error) !== "UNKNOWN_TOPIC_OR_PARTITION") throw error;
  }
  return cluster;
}

async function fetchFrom(
  broker: Broker,
  topic: string,
  offsets: ReadonlyMap<number, number>,
  { maxBytes, maxWaitMs }: FetchLimits,
): Promise<FetchedPartition[]> {
  const partitions = [...offsets].map(([partition, offset]) => ({ partition, fetchOffset: String(offset), maxBytes }));
  const { responses } = await broker.fetch({
    isolationLevel: READ_COMMITTED,
    maxWaitTime: maxWaitMs,
    minBytes: 1,
    maxBytes,
    topics: [{ topic, partitions }],
  });
  return responses.flatMap((response) =>
    response.partitions.map((answer) => fetchedPartition(topic, offsets.get(answer.partition) ?? 0, answer)),
  );
}

function fetchedPartition(topic: string, offset: number, answer: ConstructorParameters<typeof Batch>[2]) {
  const batch = new Batch(topic, String(offset), answer);
  const { partition } = batch;
  const records = batch.messages.map(({ key, value, headers, timestamp, offset: at }) => {
    const origin = { topic, partition, offset: Number(at), timestampMs: Math.max(0, Number(timestamp)) };
    return { ...origin, key, value, headers: headersOf(headers) };
  });
  return { partition, records, nextOffset: batch.isEmptyIncludingFiltered() ? offset : Number(batch.lastOffset()) + 1 };
}
