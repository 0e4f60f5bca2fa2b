import { describeCause } from "@millrace/shared";
import type { Kafka } from "kafkajs";
import { protocolError } from "./protocol-error.ts";
import { type OffsetRange, ReadFailed } from "./read-record.ts";
import { ReaderConnection } from "./reader-connection.ts";
import { type FetchedPartition, type FetchLimits, fetchPartitions, listRanges } from "./reader-requests.ts";
import { retryBroker } from "./retry-broker.ts";

/**
 * Reads topics at offsets of the caller's choice, without a consumer group: it joins, commits and rebalances nothing and
 * needs no permission on a group. Calls may overlap, and a call that fails disturbs no other. But a broker answers the
 * requests of one connection in turn, so a fetch that waits for records delays the others.
 * Rejects while a broker is away; the next call reconnects.
 */
export interface TopicReader extends AsyncDisposable {
  /**
   * The offsets that each partition holds now, from a time on if one is given; `undefined`: the topic does not exist.
   *
   * @throws {ReadFailed}
   */
  ranges(topic: string, fromMs?: number): Promise<OffsetRange[] | undefined>;
  /** Rejects with kafkajs's error; `isOutOfRange` recognises an offset that the partition does not have (any more). */
  fetch(topic: string, offsets: ReadonlyMap<number, number>, limits: FetchLimits): Promise<FetchedPartition[]>;
}

export function createTopicReader(kafka: Kafka): TopicReader {
  return new ClusterReader(kafka);
}

export function isOutOfRange(error: unknown): boolean {
  return protocolError(error) === "OFFSET_OUT_OF_RANGE";
}

class ClusterReader implements TopicReader {
  readonly #kafka: Kafka;
  #connection: ReaderConnection | undefined;

  constructor(kafka: Kafka) {
    this.#kafka = kafka;
  }

  async ranges(topic: string, fromMs?: number): Promise<OffsetRange[] | undefined> {
    try {
      return await retryBroker(() => this.#use(topic, (connection) => listRanges(connection, topic, fromMs)));
    } catch (error) {
      const message = `${topic}: its offsets could not be read (${describeCause(error)}): try again`;
      throw new ReadFailed(message, { cause: error });
    }
  }

  fetch(topic: string, offsets: ReadonlyMap<number, number>, limits: FetchLimits): Promise<FetchedPartition[]> {
    return this.#use(topic, (connection) => fetchPartitions(connection, topic, offsets, limits));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connection?.close();
    this.#connection = undefined;
  }

  async #use<Value>(topic: string, work: (connection: ReaderConnection) => Promise<Value>): Promise<Value> {
    this.#connection ??= new ReaderConnection(this.#kafka);
    const connection = this.#connection;
    try {
      return await connection.use(() => work(connection));
    } catch (error) {
      connection.forget(topic);
      // A broker's error about a topic says nothing against the connection.
      if (protocolError(error) === undefined) this.#replace(connection);
      throw error;
    }
  }

  #replace(connection: ReaderConnection): void {
    connection.retire();
    if (this.#connection === connection) this.#connection = undefined;
  }
}
