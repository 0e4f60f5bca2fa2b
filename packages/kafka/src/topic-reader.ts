/// <reference path="./internals.d.ts" />
import { setTimeout as sleep } from "node:timers/promises";
import { backoffDelayMs, describeCause } from "@millrace/shared";
import type { Kafka } from "kafkajs";
import Batch from "kafkajs/src/consumer/batch.js";
import { type Broker, Connection, type Leaders, READ_COMMITTED } from "./cluster.ts";
import { protocolError } from "./protocol-error.ts";
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
 * Thrown where a topic could not be read as far as was asked; its message says how far it came, why, and what to do. Where
 * nothing was read yet, its cause is the client's error.
 */
export class ReadFailed extends Error {
  override name = "ReadFailed";
}

/**
 * Reads topics at offsets of the caller's choice, without a consumer group: nothing is joined, committed or rebalanced,
 * and no permission on a group is needed. Calls may overlap, and one that fails disturbs no other; but the brokers answer
 * a connection's requests in turn, so a fetch that waits for records lets the others wait too.
 * Rejects while a broker is away; the next call connects anew.
 */
export interface TopicReader extends AsyncDisposable {
  /**
   * The offsets that each partition holds now, at and after a time where one is given; `undefined`: no such topic.
   *
   * @throws {ReadFailed}
   */
  ranges(topic: string, fromMs?: number): Promise<OffsetRange[] | undefined>;
  /** Rejects with kafkajs's error; where an offset is not (or no longer) there, `isOutOfRange` tells. */
  fetch(topic: string, offsets: ReadonlyMap<number, number>, limits: FetchLimits): Promise<FetchedPartition[]>;
}

/** Kafka's names for the ends of a partition, in place of a time. */
const LATEST = -1;
const EARLIEST = -2;

/** While a topic is new, or a broker leaves, leaders move for a moment. */
const TRIES_MAX = 5;
const BACKOFF = { initialMs: 100, maxMs: 1_000 };

export function createTopicReader(kafka: Kafka): TopicReader {
  return new ClusterReader(kafka);
}

export function isOutOfRange(error: unknown): boolean {
  return error instanceof Error && protocolError(error) === "OFFSET_OUT_OF_RANGE";
}

function isMoving(error: unknown): boolean {
  const name = protocolError(error);
  return name === "NOT_LEADER_FOR_PARTITION" || name === "LEADER_NOT_AVAILABLE";
}

class ClusterReader implements TopicReader {
  readonly #kafka: Kafka;
  #connection: Connection | undefined;

  constructor(kafka: Kafka) {
    this.#kafka = kafka;
  }

  async ranges(topic: string, fromMs?: number): Promise<OffsetRange[] | undefined> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.#use(topic, (connection) => rangesOf(connection, topic, fromMs));
      } catch (error) {
        if (tries === TRIES_MAX || !isMoving(error)) {
          const message = `${topic}: its offsets could not be read (${describeCause(error)}): try again`;
          throw new ReadFailed(message, { cause: error });
        }
        await sleep(backoffDelayMs(tries, BACKOFF));
      }
    }
  }

  async fetch(topic: string, offsets: ReadonlyMap<number, number>, limits: FetchLimits): Promise<FetchedPartition[]> {
    return this.#use(topic, async (connection) => {
      const leaders = (await connection.leaders(topic)) ?? new Map();
      const answers = await Promise.all(
        [...byLeader(topic, offsets.keys(), leaders)].map(async ([nodeId, partitions]) => {
          const broker = await connection.broker(nodeId);
          return fetchFrom(broker, topic, new Map(partitions.map((each) => [each, offsets.get(each) ?? 0])), limits);
        }),
      );
      return answers.flat();
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connection?.close();
    this.#connection = undefined;
  }

  async #use<Value>(topic: string, work: (connection: Connection) => Promise<Value>): Promise<Value> {
    this.#connection ??= new Connection(this.#kafka);
    const connection = this.#connection;
    try {
      return await connection.use(() => work(connection));
    } catch (error) {
      connection.forget(topic);
      // What a broker answers about a topic says nothing against the connection.
      if (protocolError(error) === undefined) this.#replace(connection);
      throw error;
    }
  }

  #replace(connection: Connection): void {
    connection.retire();
    if (this.#connection === connection) this.#connection = undefined;
  }
}

async function rangesOf(connection: Connection, topic: string, fromMs?: number): Promise<OffsetRange[] | undefined> {
  const leaders = await connection.leaders(topic);
  if (!leaders) return undefined;
  const [low, high, since] = await Promise.all(
    [EARLIEST, LATEST, fromMs ?? EARLIEST].map((timestamp) => listOffsets(connection, topic, leaders, timestamp)),
  );
  return [...leaders.keys()]
    .sort((a, b) => a - b)
    .map((partition) => {
      const to = offsetOf(high, topic, partition);
      const first = offsetOf(since, topic, partition);
      // -1: nothing is that young.
      const from = first < 0 ? to : Math.max(first, offsetOf(low, topic, partition));
      return { partition, from: Math.min(from, to), to };
    });
}

function byLeader(topic: string, partitions: Iterable<number>, leaders: Leaders): Map<number, number[]> {
  return Map.groupBy(partitions, (partition) => {
    const leader = leaders.get(partition);
    if (leader === undefined) throw new Error(`topic ${topic} has no partition ${partition}`);
    return leader;
  });
}

/** @param timestamp milliseconds since 1970, or one of Kafka's names for an end */
async function listOffsets(connection: Connection, topic: string, leaders: Leaders, timestamp: number) {
  const answers = await Promise.all(
    [...byLeader(topic, leaders.keys(), leaders)].map(async ([nodeId, partitions]) => {
      const asked = { topic, partitions: partitions.map((partition) => ({ partition, timestamp })) };
      const broker = await connection.broker(nodeId);
      return (await broker.listOffsets({ isolationLevel: READ_COMMITTED, topics: [asked] })).responses;
    }),
  );
  const each = answers.flat().flatMap(({ partitions }) => partitions);
  return new Map(each.map(({ partition, offset }) => [partition, Number(offset)]));
}

function offsetOf(offsets: ReadonlyMap<number, number> | undefined, topic: string, partition: number): number {
  const offset = offsets?.get(partition);
  if (offset === undefined) throw new Error(`no broker tells the offsets of ${topic}-${partition}`);
  return offset;
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
  const isAlone = offsets.size === 1;
  return responses.flatMap((response) =>
    response.partitions.map((answer) => {
      const offset = offsets.get(answer.partition) ?? 0;
      const nextOffset = nextOffsetOf(answer, offset, isAlone);
      return { partition: answer.partition, records: recordsOf(topic, offset, answer), nextOffset };
    }),
  );
}

type Answer = ConstructorParameters<typeof Batch>[2];

/** A batch of records keeps its last offset when compaction takes the record there. */
function nextOffsetOf({ messages, lastStableOffset }: Answer, offset: number, isAlone: boolean): number {
  const last = messages.at(-1);
  if (last) {
    const { firstOffset, lastOffsetDelta } = last.batchContext ?? { firstOffset: last.offset, lastOffsetDelta: 0 };
    return Math.max(offset, Number(firstOffset) + lastOffsetDelta + 1);
  }
  // The first batch of an answer is whole, however long (KIP-74), and kafkajs hides one that compaction has emptied.
  return isAlone && offset < Number(lastStableOffset) ? offset + 1 : offset;
}

function recordsOf(topic: string, offset: number, answer: Answer): ReadRecord[] {
  const { partition, messages } = new Batch(topic, String(offset), answer);
  return messages.map(({ key, value, headers, timestamp, offset: at }) => {
    const origin = { topic, partition, offset: Number(at), timestampMs: Math.max(0, Number(timestamp)) };
    return { ...origin, key, value, headers: headersOf(headers) };
  });
}
