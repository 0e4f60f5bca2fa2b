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

/** RFC 6455: the server cannot go on; try again. */
const TRY_AGAIN_LATER = 1013;

/** A topic without clients is followed for as long, for those that come back. */
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

/** Follows the topics that have clients, each once, and brings clients that begin in the past to where the others are. */
export class EventStreams implements AsyncDisposable {
  readonly #kafka: Kafka;
  readonly #decoder: EventDecoder;
  readonly #settings: StreamSettings;
  readonly #patience: Patience;
  readonly #past: TopicReader;
  // As many as there are topics of events that have, or just had, clients.
  readonly #followed = new Map<string, Followed>();
  readonly #clients = new Set<StreamClient>();
  readonly #pinging: NodeJS.Timeout;
  #joined = 0;
  /** By the clients that left. */
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

  /** How many follow, or are about to. */
  get joined(): number {
    return this.#joined;
  }

  /** How many records clients missed because they were slow, since the process began. */
  get missed(): number {
    return [...this.#clients].reduce((sum, client) => sum + client.missed, this.#missed);
  }

  get isFull(): boolean {
    return this.#joined >= this.#settings.STREAM_CLIENTS_MAX;
  }

  /** Sends the topic's records until the connection is closed; never rejects. */
  async join(subscription: Subscription, connection: StreamConnection): Promise<void> {
    const { topic } = subscription;
    if (this.isFull) return connection.close(TRY_AGAIN_LATER, "as many clients as STREAM_CLIENTS_MAX allows");
    this.#joined++;
    const followed = this.#follow(topic);
    const startedAt = performance.now();
    let client: StreamClient | undefined;
    try {
      const tail = await followed.tail;
      if (!tail) throw new Error("the topic is gone");
      client = await this.#open(tail, subscription, connection);
      this.#clients.add(client);
      await this.#catchUp(client, tail);
      if (tail.isClosed) throw new Error("the topic's offsets changed");
      await connection.closed;
      tail.clients.delete(client);
      this.#patience.log.record("api.stream", "ok", elapsedMs(startedAt), { topic, missed: client.missed });
    } catch (error) {
      this.#patience.log.record("api.stream", "retry", elapsedMs(startedAt), { topic, cause: describeCause(error) });
      connection.close(TRY_AGAIN_LATER, "come back with the last offsets");
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
    // What could not be followed, or is followed no more, is begun anew by the next client.
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

  /** Finds the offsets that the client begins at, and tells it. */
  async #open(tail: TopicTail, { start, filter }: Subscription, connection: StreamConnection): Promise<StreamClient> {
    const { offsets, gone } = start.at === "now" ? { offsets: tail.offsets, gone: 0 } : await this.#begin(tail, start);
    const client = new StreamClient(connection, offsets, filter, this.#settings.STREAM_CLIENT_BUFFER_BYTES);
    client.open(gone);
    return client;
  }

  /** What it asks for and retention took is gone. Offsets beyond the end are of a topic that was made anew since. */
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

  /** At the client's own pace, from Kafka and then from memory; ends with the client among those that get what is new. */
  async #catchUp(client: StreamClient, tail: TopicTail): Promise<void> {
    while (client.connection.isOpen && !tail.isClosed) {
      const behind = tail.recent.missing(client.offsets);
      if (behind.size > 0) {
        await this.#deliverPast(client, tail.topic, behind);
        continue;
      }
      const records = client.nextChunk(tail.recent.from(client.offsets));
      if (records.length === 0) {
        // Nothing was awaited since: what comes next comes to this client too.
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
    // A transaction that is still open: there is nothing to read yet.
    if (fetched.every(({ partition, nextOffset }) => nextOffset === behind.get(partition)))
      await sleep(FETCH_LIMITS.maxWaitMs);
  }
}
