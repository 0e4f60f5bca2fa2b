import { setTimeout as sleep } from "node:timers/promises";
import type { EventDecoder } from "@millrace/events";
import { createTopicReader, isOutOfRange, type Kafka, type ReadRecord, type TopicReader } from "@millrace/kafka";
import { backoffDelayMs, delay, describeCause, type Patience } from "@millrace/shared";
import { toEventRecord } from "../events/event-record.ts";
import type { Offsets } from "./offsets.ts";
import { RecentRecords, type StreamRecord, sizeOf } from "./recent-records.ts";
import type { StreamSettings } from "./settings.ts";
import type { StreamClient } from "./stream-client.ts";

/** The WebSocket close code "service restart": the client may reconnect immediately. */
export const SERVICE_RESTART = 1012;

/** Interval of the check for added partitions. */
const PARTITIONS_MS = 30_000;

const FETCH_LIMITS = { maxBytes: 524_288, maxWaitMs: 500 };

/**
 * Follows a topic for all of its clients: reads, decodes and encodes each new record once. Uses a separate connection, so
 * that clients catching up don't delay it.
 */
export class TopicTail implements AsyncDisposable {
  readonly topic: string;
  readonly recent: RecentRecords;
  readonly clients = new Set<StreamClient>();
  readonly #reader: TopicReader;
  readonly #offsets: Offsets;
  readonly #decoder: EventDecoder;
  readonly #settings: StreamSettings;
  readonly #patience: Patience;
  readonly #closed = new AbortController();
  /** Resolves when following ends. */
  readonly ended: Promise<void>;
  #partitionsAtMs = performance.now();

  private constructor(
    topic: string,
    reader: TopicReader,
    offsets: Offsets,
    decoder: EventDecoder,
    settings: StreamSettings,
    patience: Patience,
  ) {
    this.topic = topic;
    this.#reader = reader;
    this.#offsets = offsets;
    this.#decoder = decoder;
    this.#settings = settings;
    this.#patience = patience;
    this.recent = new RecentRecords(offsets, settings.STREAM_RECENT_BYTES);
    this.ended = this.#follow();
  }

  /** Rejects while Kafka is unavailable; `undefined` if the topic does not exist. */
  static async open(
    topic: string,
    kafka: Kafka,
    decoder: EventDecoder,
    settings: StreamSettings,
    patience: Patience,
  ): Promise<TopicTail | undefined> {
    const reader = createTopicReader(kafka);
    const ranges = await reader.ranges(topic).catch(async (error) => {
      await reader[Symbol.asyncDispose]();
      throw error;
    });
    if (!ranges) return void (await reader[Symbol.asyncDispose]());
    const offsets = new Map(ranges.map(({ partition, to }) => [partition, to]));
    return new TopicTail(topic, reader, offsets, decoder, settings, patience);
  }

  get isClosed(): boolean {
    return this.#closed.signal.aborted;
  }

  /** The offsets of the next records. */
  get offsets(): Offsets {
    return new Map(this.#offsets);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed.abort(new Error("stopped following the topic"));
    await this.#reader[Symbol.asyncDispose]();
    await this.ended;
  }

  async #follow(): Promise<void> {
    for (let failures = 0; !this.isClosed; ) {
      try {
        await this.#readOnce();
        failures = 0;
      } catch (error) {
        if (this.isClosed) return;
        const cause = describeCause(error);
        this.#patience.log.record("api.stream", "retry", undefined, { topic: this.topic, cause });
        if (isOutOfRange(error)) return this.#closeClients();
        await delay(backoffDelayMs(failures++, this.#patience.backoff), this.#closed.signal).catch(() => undefined);
      }
    }
  }

  async #readOnce(): Promise<void> {
    const startedAt = performance.now();
    if (startedAt - this.#partitionsAtMs > PARTITIONS_MS) await this.#addPartitions();
    const fetched = await this.#reader.fetch(this.topic, this.#offsets, FETCH_LIMITS);
    const records = await toStreamRecords(
      fetched.flatMap((partition) => partition.records),
      this.#decoder,
    );
    // No await from here on: clients join and leave only between two batches.
    for (const { partition, nextOffset } of fetched) this.#offsets.set(partition, nextOffset);
    for (const record of records) this.recent.add(record);
    const bytes = sizeOf(records);
    if (records.length > 0) for (const client of this.clients) client.deliver(records, bytes);
    const restMs = this.#settings.STREAM_GATHER_MS - (performance.now() - startedAt);
    if (restMs > 0) await sleep(restMs);
  }

  async #addPartitions(): Promise<void> {
    const ranges = (await this.#reader.ranges(this.topic)) ?? [];
    for (const { partition, from } of ranges) {
      if (!this.#offsets.has(partition)) this.#offsets.set(partition, from);
    }
    this.#partitionsAtMs = performance.now();
  }

  /** The topic was truncated or recreated: disconnects the clients, which reconnect with their offsets. */
  #closeClients(): void {
    this.#closed.abort(new Error("the topic's offsets changed"));
    for (const client of this.clients) client.connection.close(SERVICE_RESTART, "the topic's offsets changed");
  }
}

export async function toStreamRecords(records: readonly ReadRecord[], decoder: EventDecoder): Promise<StreamRecord[]> {
  return Promise.all(
    records.map(async (record) => {
      const { key, event, ...rest } = await toEventRecord(record, decoder);
      const { partition, offset } = record;
      const json = JSON.stringify({ ...rest, key, event });
      return { partition, offset, key, type: event?.event_type, json, bytes: Buffer.byteLength(json) };
    }),
  );
}
