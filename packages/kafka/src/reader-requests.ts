import { Batch, type FetchedData, type InternalBroker } from "./internals/kafkajs.ts";
import type { OffsetRange, ReadRecord } from "./read-record.ts";
import type { Leaders, ReaderConnection } from "./reader-connection.ts";
import { headersOf } from "./received.ts";

/** The records of one partition from one fetch. */
export interface FetchedPartition {
  partition: number;
  records: ReadRecord[];
  /** The offset to fetch next: compaction and transactions leave offsets without a record. */
  nextOffset: number;
}

export interface FetchLimits {
  /** Of the response, and of one partition in it. A first record that is larger is returned all the same. */
  maxBytes: number;
  /** How long the brokers wait for records. */
  maxWaitMs: number;
}

/** Records of an open transaction are neither fetched nor counted in a partition's end. */
const READ_COMMITTED = 1;
/** Kafka's names for the ends of a partition, in place of a time. */
const LATEST = -1;
const EARLIEST = -2;

/** `undefined`: the topic does not exist. */
export async function listRanges(
  connection: ReaderConnection,
  topic: string,
  fromMs: number = EARLIEST,
): Promise<OffsetRange[] | undefined> {
  const leaders = await connection.leaders(topic);
  if (!leaders) return undefined;
  const [low, high, since] = await Promise.all(
    [EARLIEST, LATEST, fromMs].map((timestamp) => listOffsets(connection, topic, leaders, timestamp)),
  );
  return [...leaders.keys()]
    .sort((a, b) => a - b)
    .map((partition) => {
      const to = offsetOf(high, topic, partition);
      const first = offsetOf(since, topic, partition);
      // -1: no record is that young.
      const from = first < 0 ? to : Math.max(first, offsetOf(low, topic, partition));
      return { partition, from: Math.min(from, to), to };
    });
}

/** Fetches from the leader of each partition. */
export async function fetchPartitions(
  connection: ReaderConnection,
  topic: string,
  offsets: ReadonlyMap<number, number>,
  limits: FetchLimits,
): Promise<FetchedPartition[]> {
  const leaders = (await connection.leaders(topic)) ?? new Map();
  const fetched = [...byLeader(topic, offsets.keys(), leaders)].map(async ([nodeId, partitions]) => {
    const broker = await connection.broker(nodeId);
    return fetchFrom(broker, topic, new Map(partitions.map((each) => [each, offsets.get(each) ?? 0])), limits);
  });
  return (await Promise.all(fetched)).flat();
}

function byLeader(topic: string, partitions: Iterable<number>, leaders: Leaders): Map<number, number[]> {
  return Map.groupBy(partitions, (partition) => {
    const leader = leaders.get(partition);
    if (leader === undefined) throw new Error(`topic ${topic} has no partition ${partition}`);
    return leader;
  });
}

/** @param timestamp milliseconds since 1970, or one of Kafka's names for an end */
async function listOffsets(connection: ReaderConnection, topic: string, leaders: Leaders, timestamp: number) {
  const listed = [...byLeader(topic, leaders.keys(), leaders)].map(async ([nodeId, numbers]) => {
    const partitions = numbers.map((partition) => ({ partition, timestamp }));
    const broker = await connection.broker(nodeId);
    const request = { isolationLevel: READ_COMMITTED, topics: [{ topic, partitions }] };
    return (await broker.listOffsets(request)).responses.flatMap((response) => response.partitions);
  });
  return new Map((await Promise.all(listed)).flat().map(({ partition, offset }) => [partition, Number(offset)]));
}

function offsetOf(offsets: ReadonlyMap<number, number> | undefined, topic: string, partition: number): number {
  const offset = offsets?.get(partition);
  if (offset === undefined) throw new Error(`no broker returned the offsets of ${topic}-${partition}`);
  return offset;
}

async function fetchFrom(
  broker: InternalBroker,
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
  const isOnly = offsets.size === 1;
  return responses.flatMap((response) =>
    response.partitions.map((data) => {
      const offset = offsets.get(data.partition) ?? 0;
      const nextOffset = nextOffsetOf(data, offset, isOnly);
      return { partition: data.partition, records: recordsOf(topic, offset, data), nextOffset };
    }),
  );
}

/** A batch of records keeps its last offset when compaction removes the record there. */
function nextOffsetOf({ messages, lastStableOffset }: FetchedData, offset: number, isOnly: boolean): number {
  const last = messages.at(-1);
  if (last) {
    const { firstOffset, lastOffsetDelta } = last.batchContext ?? { firstOffset: last.offset, lastOffsetDelta: 0 };
    return Math.max(offset, Number(firstOffset) + lastOffsetDelta + 1);
  }
  // The first batch of a response is complete, however long (KIP-74), and kafkajs hides one that compaction has emptied.
  return isOnly && offset < Number(lastStableOffset) ? offset + 1 : offset;
}

function recordsOf(topic: string, offset: number, data: FetchedData): ReadRecord[] {
  const { partition, messages } = new Batch(topic, String(offset), data);
  return messages.map(({ key, value, headers, timestamp, offset: at }) => {
    const origin = { topic, partition, offset: Number(at), timestampMs: Math.max(0, Number(timestamp)) };
    return { ...origin, key, value, headers: headersOf(headers) };
  });
}
