import type { Attempts, Received, RecordProducer } from "@millrace/kafka";
import {
  decodeBatch,
  encodeBatch,
  type Failure,
  isTombstone,
  type Message,
  type Patience,
  type PoisonFault,
  poison,
  RecordError,
  SpareMemory,
  type Tracing,
  VectorsRecord,
} from "@millrace/shared";
import { type DeadLetters, oneByOne, type StageTracker, Work } from "@millrace/stage";
import type { EmbedConfig } from "./config.ts";
import type { Embedder } from "./embedder.ts";
import type { Embedded } from "./provider.ts";

export interface EmbedEdges {
  embedder: Embedder;
  attempts: Attempts;
  producer: RecordProducer;
  deadLetters: DeadLetters;
  tracker: StageTracker;
  tracing: Tracing;
  patience: Patience;
}

/** Has the vectors of each batch made, as the limits allow, and emits the batch with them. */
export class Embed {
  readonly done = new Work();
  readonly #spare = new SpareMemory();
  #config: EmbedConfig;
  #edges: EmbedEdges;

  constructor(config: EmbedConfig, edges: EmbedEdges) {
    this.#config = config;
    this.#edges = edges;
  }

  accept(received: Received): void {
    void this.#process(received);
  }

  async #process(received: Received): Promise<void> {
    if (!received.revoked) {
      const messages = this.#decode(received);
      if (messages === undefined) await this.#giveUpRecord(received);
      else if (received.attempts > this.#config.ATTEMPTS_MAX) await this.#embedOneByOne(messages);
      else await this.#embed(received.value ?? Buffer.alloc(0), messages);
    }
    received.done();
  }

  /** Processes died of this batch. */
  async #embedOneByOne(messages: readonly Message[]): Promise<void> {
    const { attempts, deadLetters } = this.#edges;
    const work = (message: Message) => this.#embed(encodeBatch([message]), [message]);
    await deadLetters.send(await oneByOne("embed", messages, this.#config.ATTEMPTS_MAX, attempts, work));
  }

  async #embed(batch: Buffer, messages: readonly Message[]): Promise<void> {
    const startedAt = performance.now();
    const traced = this.#edges.tracing.begin("embed.batch", messages);
    const texts = messages.filter((message) => !isTombstone(message));
    const record = new VectorsRecord(batch, this.#spare);
    const allocate = (length: number) => record.allocate(length);
    const embedded = texts.length === 0 ? noVectors : await this.#edges.embedder.embed(texts, allocate);
    const failed = embedded.failed.flatMap(({ index, fault }) => {
      const item = texts[index];
      return item ? [{ item, fault }] : [];
    });
    const remaining = without(messages, failed);
    if (remaining.length > 0) {
      const whole = failed.length === 0 ? record : this.#recordOf(remaining);
      const sentAt = performance.now();
      failed.push(...(await this.#emit(whole, remaining, embedded)));
      if (performance.now() - sentAt < QUICK_MS) void releaseAfter(embedded, record);
    }
    const done = without(messages, failed);
    await this.#edges.deadLetters.send(failed);
    this.#edges.tracker.reached("embedded", done);
    traced?.end();
    this.done.add(done.length, batch.length);
    this.#edges.patience.log.record("embed.batch", "ok", performance.now() - startedAt, {
      messages: done.length,
      ...(failed.length > 0 && { failed: failed.length }),
    });
  }

  /**
   * One record where the topic takes it, else as many as it takes: each has a batch record of its own. Hands back the
   * messages whose records are too large by themselves.
   */
  async #emit(record: VectorsRecord, messages: readonly Message[], embedded: Embedded): Promise<FailedMessage[]> {
    const { model, dimensions, vectors } = embedded;
    const isAlone = messages.length === 1;
    if (isAlone || record.batch.length + vectors.byteLength <= this.#config.KAFKA_RECORD_MAX_BYTES) {
      const value = record.encode(model, dimensions, vectors);
      const [refused] = await this.#edges.producer.send(this.#config.VECTORS_TOPIC, [{ value }]);
      if (!refused) return [];
      if (isAlone) return messages.map((item) => ({ item, fault: refused.fault }));
    }
    const middle = Math.ceil(messages.length / 2);
    const first = messages.slice(0, middle);
    const second = messages.slice(middle);
    const boundary = first.filter((message) => !isTombstone(message)).length * dimensions;
    const [firstVectors, secondVectors] = [vectors.subarray(0, boundary), vectors.subarray(boundary)];
    return [
      ...(await this.#emit(this.#recordOf(first), first, { ...embedded, vectors: firstVectors })),
      ...(await this.#emit(this.#recordOf(second), second, { ...embedded, vectors: secondVectors })),
    ];
  }

  #recordOf(messages: readonly Message[]): VectorsRecord {
    return new VectorsRecord(encodeBatch(messages), this.#spare);
  }

  #decode(received: Received): Message[] | undefined {
    try {
      return decodeBatch(received.value ?? Buffer.alloc(0));
    } catch (error) {
      if (error instanceof RecordError) return undefined;
      throw error;
    }
  }

  async #giveUpRecord(received: Received): Promise<void> {
    const fault = poison("undecodable", `not a batch record of this version, in ${received.topic}`);
    await this.#edges.deadLetters.send([{ item: received, fault }]);
  }
}

type FailedMessage = Failure<Message, PoisonFault>;

function without(messages: readonly Message[], failed: readonly FailedMessage[]): readonly Message[] {
  if (failed.length === 0) return messages;
  const items = new Set<Message>(failed.map(({ item }) => item));
  return messages.filter((message) => !items.has(message));
}

/** What took longer may have been sent twice, and the first may still be on its way: its memory is left to the collector. */
const QUICK_MS = 1_000;

async function releaseAfter({ released }: Embedded, record: VectorsRecord): Promise<void> {
  if ((await released) !== false) record.release();
}

/** What a batch of nothing but tombstones needs. */
const noVectors: Embedded = { model: "none", dimensions: 1, vectors: new Float32Array(0), failed: [] };
