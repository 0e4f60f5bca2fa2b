import { setTimeout as sleep } from "node:timers/promises";
import type { EventDecoder } from "@millrace/events";
import { createTopicReader, type Kafka, type TopicReader } from "@millrace/kafka";
import { describeCause, type Patience } from "@millrace/shared";
import { elapsedMs } from "../probe.ts";
import type { Offsets, StreamStart } from "./offsets.ts";
import type { StreamRecord } from "./recent-records.ts";
import type { StreamSettings } from "./settings.ts";
import { StreamClient, type StreamConnection, type StreamFilter } from "./stream-client.ts";
import { TopicTail, toStreamRecords } from "./topic-tail.ts";

/** The WebSocket close code "try again later". */
const TRY_AGAIN_LATER = 1013;

/** How long a topic without clients is still followed, for clients that reconnect. */
const LINGER_MS = 30_000;
const FETCH_LIMITS = { maxBytes: 262_144, maxWaitMs: 100 };

export interface Subscription {
  topic: string;
  start: StreamStart;
  filter: StreamFilter;
}

interface Followed {
  tail: Promise<TopicTail | undefined>;
  clients: number;
  idle?: NodeJS.Timeout;
}

/** Follows each topic once for all of its clients, and lets clients that start in the past catch up. */
export class EventStreams implements AsyncDisposable {
  readonly #kafka: Kafka;
  readonly #decoder: EventDecoder;
  readonly #settings: StreamSettings;
  readonly #patience: Patience;
  readonly #past: TopicReader;
  // Bounded by the number of event topics with current or recent clients.
  readonly #followed = new Map<string, Followed>();
  readonly #clients = new Set<StreamClient>();
  readonly #pinging: NodeJS.Timeout;
  #joined = 0;
  /** Of disconnected clients. */
  #missed = 0;

  constructor(kafka: Kafka, decoder: EventDecoder, settings: StreamSettings, patience: Patience) {
    this.#kafka = kafka;
    this.#decoder = decoder;
    this.#settings = settings;
    this.#patience = patience;
    this.#past = createTopicReader(kafka);
    this.#pinging = setInterval(() => {
      for (const client of this.#clients) client.tick();
    }, settings.STREAM_PING_INTERVAL_MS);
  }

  /** The number of clients, including those still joining. */
  get joined(): number {
    return this.#joined;
  }

  /** Records that slow clients missed since the process started. */
  get missed(): number {
    return [...this.#clients].reduce((sum, client) => sum + client.missed, this.#missed);
  }

  get isFull(): boolean {
    return this.#joined >= this.#settings.STREAM_CLIENTS_MAX;
  }

  /** Sends the topic's records until the connection closes; never rejects. */
  async join(subscription: Subscription, connection: StreamConnection): Promise<void> {
    const { topic } = subscription;
    if (this.isFull) return connection.close(TRY_AGAIN_LATER, "the number of clients has reached STREAM_CLIENTS_MAX");
    this.#joined++;
    const followed = this.#follow(topic);
    const startedAt = performance.now();
    let client: StreamClient | undefined;
    try {
      const tail = await followed.tail;
      if (!tail) throw new Error("the topic no longer exists");
      client = await this.#open(tail, subscription, connection);
      this.#clients.add(client);
      await this.#catchUp(client, tail);
      if (tail.isClosed) throw new Error("the topic's offsets changed");
      await connection.closed;
      tail.clients.delete(client);
      this.#patience.log.record("api.stream", "ok", elapsedMs(startedAt), { topic, missed: client.missed });
    } catch (error) {
      this.#patience.log.record("api.stream", "retry", elapsedMs(startedAt), { topic, cause: describeCause(error) });
      connection.close(TRY_AGAIN_LATER, "reconnect with the last offsets");
    }
    if (client) {
      this.#clients.delete(client);
      this.#missed += client.missed;
    }
    this.#joined--;
    this.#leave(topic, followed);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#pinging);
    await Promise.all([...this.#followed].map(([topic, followed]) => this.#forget(topic, followed)));
    await this.#past[Symbol.asyncDispose]();
  }

  #follow(topic: string): Followed {
    const known = this.#followed.get(topic);
    const tail = () => TopicTail.open(topic, this.#kafka, this.#decoder, this.#settings, this.#patience);
    const followed = known ?? { tail: tail(), clients: 0 };
    clearTimeout(followed.idle);
    followed.clients++;
    this.#followed.set(topic, followed);
    // Forgets a tail that failed to open or has ended; the next client opens a new one.
    if (!known)
      followed.tail
        .then((opened) => opened?.ended)
        .finally(() => this.#forget(topic, followed))
        .catch(() => undefined);
    return followed;
  }

  #leave(topic: string, followed: Followed): void {
    if (--followed.clients > 0) return;
    followed.idle = setTimeout(() => void this.#forget(topic, followed), LINGER_MS);
    followed.idle.unref();
  }

  async #forget(topic: string, followed: Followed): Promise<void> {
    clearTimeout(followed.idle);
    if (this.#followed.get(topic) === followed) this.#followed.delete(topic);
    const tail = await followed.tail.catch(() => undefined);
    await tail?.[Symbol.asyncDispose]();
  }

  /** Resolves the client's start offsets and sends them to it. */
  async #open(tail: TopicTail, { start, filter }: Subscription, connection: StreamConnection): Promise<StreamClient> {
    const { offsets, gone } = start.at === "now" ? { offsets: tail.offsets, gone: 0 } : await this.#begin(tail, start);
    const client = new StreamClient(connection, offsets, filter, this.#settings.STREAM_CLIENT_BUFFER_BYTES);
    client.open(gone);
    return client;
  }

  /** Counts records that retention has deleted as gone. Offsets beyond the end belong to a topic that has been recreated. */
  async #begin({ topic }: TopicTail, start: StreamStart): Promise<{ offsets: Offsets; gone: number }> {
    const ranges = (await this.#past.ranges(topic, start.at === "time" ? start.timeMs : undefined)) ?? [];
    const offsets: Offsets = new Map();
    let gone = 0;
    for (const { partition, from, to } of ranges) {
      const wanted = start.at === "offsets" ? (start.offsets.get(partition) ?? from) : from;
      offsets.set(partition, wanted < from || wanted > to ? from : wanted);
      gone += Math.max(0, from - wanted);
    }
    return { offsets, gone };
  }

  /** Catches up at the client's own pace, from Kafka and then from memory, and finally adds the client to the tail. */
  async #catchUp(client: StreamClient, tail: TopicTail): Promise<void> {
    while (client.connection.isOpen && !tail.isClosed) {
      const behind = tail.recent.missing(client.offsets);
      if (behind.size > 0) {
        await this.#deliverPast(client, tail.topic, behind);
        continue;
      }
      const records = client.nextChunk(tail.recent.from(client.offsets));
      if (records.length === 0) {
        // Nothing was awaited since the check, so the client misses no record.
        tail.clients.add(client);
        return;
      }
      await client.deliverPatiently(records);
    }
  }

  async #deliverPast(client: StreamClient, topic: string, behind: Offsets): Promise<void> {
    const fetched = await this.#past.fetch(topic, behind, FETCH_LIMITS);
    for (const { partition, records, nextOffset } of fetched) {
      let rest: StreamRecord[] = await toStreamRecords(records, this.#decoder);
      while (rest.length > 0) {
        const chunk = client.nextChunk(rest);
        await client.deliverPatiently(chunk);
        rest = rest.slice(chunk.length);
      }
      client.offsets.set(partition, nextOffset);
    }
    // Without progress there is an open transaction: wait for its end.
    if (fetched.every(({ partition, nextOffset }) => nextOffset === behind.get(partition)))
      await sleep(FETCH_LIMITS.maxWaitMs);
  }
}
