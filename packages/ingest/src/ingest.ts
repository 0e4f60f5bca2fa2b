import {
  type DeadLetters,
  encodeBatch,
  encodedSize,
  type Failure,
  Latency,
  type Log,
  type Message,
  type PoisonFault,
  type Received,
  type RecordProducer,
  type StageTracker,
} from "@millrace/shared";
import type { IngestConfig } from "./config.ts";
import { decode } from "./decode.ts";
import { Packer } from "./packer.ts";

export interface IngestEdges {
  producer: RecordProducer;
  deadLetters: DeadLetters;
  tracker: StageTracker;
  log: Log;
}

interface Packed {
  received: Received;
  message: Message;
}

/**
 * Decodes and validates each message of the source topics, and packs the valid ones, across partitions, into batches
 * that fill one embeddings request. A batch waits `BATCH_LINGER_MS` at most for more.
 */
export class Ingest {
  readonly latency = new Latency();
  messages = 0;
  #config: IngestConfig;
  #edges: IngestEdges;
  #packer: Packer<Packed>;
  #refused: Failure<Received, PoisonFault>[] = [];
  #linger: NodeJS.Timeout | undefined;

  constructor(config: IngestConfig, edges: IngestEdges) {
    this.#config = config;
    this.#edges = edges;
    this.#packer = new Packer({
      maxItems: config.BATCH_MAX_MESSAGES,
      maxTokens: config.BATCH_MAX_TOKENS,
      maxBytes: Math.min(config.BATCH_MAX_BYTES, config.KAFKA_RECORD_MAX_BYTES),
    });
  }

  accept(received: Received): void {
    const { TEXT_FIELD, MESSAGE_MAX_BYTES, EMBEDDING_INPUT_MAX_TOKENS } = this.#config;
    const limits = { maxBytes: MESSAGE_MAX_BYTES, maxTokens: EMBEDDING_INPUT_MAX_TOKENS };
    const decoded = decode(received, TEXT_FIELD, limits);
    if ("fault" in decoded) {
      this.#refused.push({ item: received, fault: decoded.fault });
      if (this.#refused.length >= this.#config.BATCH_MAX_MESSAGES) void this.#giveUpRefused();
    } else {
      const { message, tokens } = decoded;
      const full = this.#packer.add({ received, message }, { tokens, bytes: encodedSize(message) });
      for (const batch of full) void this.#emit(batch);
    }
    this.#linger ??= setTimeout(() => this.#flush(), this.#config.BATCH_LINGER_MS);
  }

  #flush(): void {
    this.#linger = undefined;
    if (this.#packer.size > 0) void this.#emit(this.#packer.take());
    if (this.#refused.length > 0) void this.#giveUpRefused();
  }

  async #emit(batch: readonly Packed[]): Promise<void> {
    const startedAt = performance.now();
    const live = batch.filter(({ received }) => !received.revoked);
    const messages = live.map(({ message }) => message);
    if (messages.length > 0) {
      const record = encodeBatch(messages);
      await this.#edges.producer.send(this.#config.BATCHES_TOPIC, [{ value: record }]);
      this.#edges.tracker.reached("ingested", messages);
      const durationMs = performance.now() - startedAt;
      this.latency.record(durationMs);
      this.messages += messages.length;
      this.#edges.log.record("ingest.pack", "ok", durationMs, { messages: messages.length, bytes: record.length });
    }
    for (const { received } of batch) received.done();
  }

  async #giveUpRefused(): Promise<void> {
    const refused = this.#refused;
    this.#refused = [];
    await this.#edges.deadLetters.send(refused.filter(({ item }) => !item.revoked));
    for (const { item } of refused) item.done();
  }
}
