import {
  type Attempts,
  type DeadLetters,
  decodeVectors,
  encodedSize,
  isTombstone,
  Latency,
  oneByOne,
  poison,
  type Received,
  RecordError,
  type StageTracker,
  type Tracing,
  Work,
} from "@millrace/shared";
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

/** Stores the batches of the vectors topic, a few at once. */
export class VectorsConsumer {
  readonly done = new Work();
  readonly publishToStored = new Latency();
  #edges: VectorsConsumerEdges;
  #limit: ReturnType<typeof pLimit>;
  #attemptsMax: number;

  constructor(edges: VectorsConsumerEdges, config: Pick<SinkConfig, "SINK_CONCURRENCY" | "ATTEMPTS_MAX">) {
    this.#edges = edges;
    this.#limit = pLimit(config.SINK_CONCURRENCY);
    this.#attemptsMax = config.ATTEMPTS_MAX;
  }

  accept(received: Received): void {
    void this.#limit(() => this.#process(received));
  }

  async #process(received: Received): Promise<void> {
    if (!received.revoked) await this.#storeRecord(received);
    received.done();
  }

  async #storeRecord(received: Received): Promise<void> {
    const { deadLetters, attempts } = this.#edges;
    const messages = decode(received);
    if (messages === undefined) {
      const fault = poison("undecodable", `not a vectors record of this version, in ${received.topic}`);
      await deadLetters.send([{ item: received, fault }]);
    } else if (received.attempts > this.#attemptsMax) {
      // Processes died of this batch.
      const work = (message: EmbeddedMessage) => this.#store([message], encodedSize(message));
      await deadLetters.send(await oneByOne("sink", messages, this.#attemptsMax, attempts, work));
    } else {
      await this.#store(messages, received.value?.length ?? 0);
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
