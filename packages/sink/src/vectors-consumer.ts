import type { Attempts, Received } from "@millrace/kafka";
import { decodeVectors, encodedSize, isTombstone, Latency, poison, RecordError, type Tracing } from "@millrace/shared";
import { type DeadLetters, oneByOne, type StageTracker, Work } from "@millrace/stage";
import pLimit from "p-limit";
import type { SinkConfig } from "./config.ts";
import { endToEndCounts } from "./end-to-end.ts";
import { type EmbeddedMessage, type SinkEdges, sink } from "./sink.ts";

export interface VectorsConsumerEdges extends SinkEdges {
  deadLetters: DeadLetters;
  tracker: StageTracker;
  tracing: Tracing;
  attempts: Attempts;
}

/** Batches that wait are joined until they have so many messages. A full batch has more (256): no other is joined to it. */
const JOINED_MESSAGES = 200;

/** Stores the batches of the vectors topic, a few at once. */
export class VectorsConsumer {
  readonly done = new Work();
  readonly publishToStored = new Latency();
  #edges: VectorsConsumerEdges;
  #waiting: Received[] = [];
  #limit: ReturnType<typeof pLimit>;
  #attemptsMax: number;

  constructor(edges: VectorsConsumerEdges, config: Pick<SinkConfig, "SINK_CONCURRENCY" | "ATTEMPTS_MAX">) {
    this.#edges = edges;
    this.#limit = pLimit(config.SINK_CONCURRENCY);
    this.#attemptsMax = config.ATTEMPTS_MAX;
  }

  accept(received: Received): void {
    this.#waiting.push(received);
    void this.#limit(() => this.#storeNext());
  }

  /**
   * Small batches cost a request each, so those that wait are stored together. Not with vectors of other dimensions:
   * OpenSearch would reject those one by one, as if it were their fault.
   */
  async #storeNext(): Promise<void> {
    const records: Received[] = [];
    const messages: EmbeddedMessage[] = [];
    let bytes = 0;
    while (messages.length < JOINED_MESSAGES) {
      const received = this.#waiting[0];
      // Taken by one that began before.
      if (received === undefined) break;
      const batch = received.revoked ? [] : decode(received);
      if (messages[0] && batch?.[0] && batch[0].dimensions !== messages[0].dimensions) break;
      this.#waiting.shift();
      records.push(received);
      if (batch && received.attempts <= this.#attemptsMax) {
        messages.push(...batch);
        bytes += received.value?.length ?? 0;
      } else {
        await this.#settleAlone(received, batch);
      }
    }
    if (messages.length > 0) await this.#store(messages, bytes);
    for (const received of records) received.done();
  }

  /** A record that is no batch, or one that processes died of. */
  async #settleAlone(received: Received, messages: readonly EmbeddedMessage[] | undefined): Promise<void> {
    const { deadLetters, attempts } = this.#edges;
    if (messages === undefined) {
      const fault = poison("undecodable", `not a vectors record of this version, in ${received.topic}`);
      await deadLetters.send([{ item: received, fault }]);
    } else {
      const work = (message: EmbeddedMessage) => this.#store([message], encodedSize(message));
      await deadLetters.send(await oneByOne("sink", messages, this.#attemptsMax, attempts, work));
    }
  }

  async #store(messages: readonly EmbeddedMessage[], bytes: number): Promise<void> {
    const { deadLetters, tracker, tracing, patience } = this.#edges;
    const startedAt = performance.now();
    const traced = tracing.begin("sink.batch", messages);
    const stored = await sink(messages, this.#edges);
    await deadLetters.send(stored.poison);
    tracker.reached("stored", stored.done);
    const durationMs = performance.now() - startedAt;
    traced?.end();
    const endToEndMs = endToEndCounts(stored.done);
    for (const [ageMs, count] of Object.entries(endToEndMs)) this.publishToStored.record(Number(ageMs), count);
    this.done.add(stored.done.length, bytes);
    patience.log.record("sink.batch", "ok", durationMs, {
      messages: stored.done.length,
      endToEndMs,
    });
  }
}

function decode(received: Received): EmbeddedMessage[] | undefined {
  try {
    const { model, dimensions, messages, vectors } = decodeVectors(received.value ?? Buffer.alloc(0));
    let at = 0;
    return messages.map((message) => {
      const start = at;
      if (!isTombstone(message)) at += dimensions * Float32Array.BYTES_PER_ELEMENT;
      return { ...message, model, dimensions, vector: vectors.subarray(start, at) };
    });
  } catch (error) {
    if (error instanceof RecordError) return undefined;
    throw error;
  }
}
