import {
  type DeadLetters,
  decodeVectors,
  Latency,
  poison,
  type Received,
  RecordError,
  type StageTracker,
} from "@millrace/shared";
import pLimit from "p-limit";
import { type EmbeddedMessage, type SinkEdges, sink } from "./sink.ts";

/** Stores the batches of the vectors topic, a few at once. */
export class VectorsConsumer {
  readonly latency = new Latency();
  messages = 0;
  #edges: SinkEdges & { deadLetters: DeadLetters; tracker: StageTracker };
  #limit: ReturnType<typeof pLimit>;

  constructor(edges: SinkEdges & { deadLetters: DeadLetters; tracker: StageTracker }, concurrency: number) {
    this.#edges = edges;
    this.#limit = pLimit(concurrency);
  }

  accept(received: Received): void {
    void this.#limit(() => this.#process(received));
  }

  async #process(received: Received): Promise<void> {
    if (!received.revoked) await this.#store(received);
    received.done();
  }

  async #store(received: Received): Promise<void> {
    const { deadLetters, tracker, patience } = this.#edges;
    const startedAt = performance.now();
    const messages = decode(received);
    if (messages === undefined) {
      const fault = poison("undecodable", `not a vectors record of this version, in ${received.topic}`);
      return deadLetters.send([{ item: received, fault }]);
    }
    const stored = await sink(messages, this.#edges);
    await deadLetters.send(stored.poison);
    tracker.reached("stored", stored.done);
    const durationMs = performance.now() - startedAt;
    this.latency.record(durationMs);
    this.messages += stored.done.length;
    patience.log.record("sink.batch", "ok", durationMs, { messages: stored.done.length });
  }
}

function decode(received: Received): EmbeddedMessage[] | undefined {
  try {
    const { model, dimensions, messages, vectors } = decodeVectors(received.value ?? Buffer.alloc(0));
    return messages.map((message, row) => ({
      ...message,
      model,
      vector: vectors.subarray(row * dimensions, (row + 1) * dimensions),
    }));
  } catch (error) {
    if (error instanceof RecordError) return undefined;
    throw error;
  }
}
