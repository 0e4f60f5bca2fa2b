import type { Received, RecordProducer } from "@millrace/kafka";
import {
  encodeBatch,
  encodedSize,
  type Failure,
  type Log,
  type Message,
  type PoisonFault,
  parseDeadLetter,
  poison,
  RecordError,
  type Tracing,
  type Undeliverable,
  unfitForBatch,
  type ValueDecoder,
} from "@millrace/shared";
import { type DeadLetters, lethalFault, type StageTracker, Work } from "@millrace/stage";
import type { IngestConfig } from "./config.ts";
import { type Decoded, type DecodeRules, decode, decodeRules } from "./decode.ts";
import { type ItemSize, Packer } from "./packer.ts";

export interface IngestEdges {
  producer: RecordProducer;
  deadLetters: DeadLetters;
  tracker: StageTracker;
  tracing: Tracing;
  log: Log;
  /** Absent where there is no schema registry. */
  values?: ValueDecoder | undefined;
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
  readonly done = new Work();
  /** Of the texts that were packed, as a request's budget counts them. */
  tokens = 0;
  #config: IngestConfig;
  #edges: IngestEdges;
  #packer: Packer<Packed>;
  #refused: { received: Received; failure: Failure<Undeliverable, PoisonFault> }[] = [];
  #rules: DecodeRules;
  #linger: NodeJS.Timeout | undefined;

  constructor(config: IngestConfig, edges: IngestEdges) {
    this.#config = config;
    this.#edges = edges;
    this.#rules = decodeRules(config);
    this.#packer = new Packer({
      maxItems: config.BATCH_MAX_MESSAGES,
      maxTokens: config.BATCH_MAX_TOKENS,
      maxBytes: Math.min(config.BATCH_MAX_BYTES, config.KAFKA_RECORD_MAX_BYTES),
    });
  }

  accept(received: Received): void {
    const replayed = received.topic === this.#config.REPLAY_TOPIC;
    const record = replayed ? originalOf(received) : received;
    // A record of the replay topic that says of no message that it is it: there is nothing to replay.
    if (record === undefined) {
      received.done();
      return;
    }
    const decoded = this.#decode(received, record);
    // While its schema is fetched a message counts as in flight, so that there is a bound.
    if (decoded instanceof Promise) void decoded.then((late) => this.#take(received, record, late));
    else this.#take(received, record, decoded);
  }

  #take(received: Received, record: Undeliverable, decoded: Decoded): void {
    if ("fault" in decoded) this.#refuse(received, record, decoded.fault);
    else {
      const { message, tokens } = decoded;
      const bytes = encodedSize(message);
      const unfit = unfitForBatch(message, bytes, this.#config.KAFKA_RECORD_MAX_BYTES);
      if (unfit) this.#refuse(received, record, unfit);
      else this.#pack({ received, message }, { tokens, bytes });
    }
    this.#linger ??= setTimeout(() => this.#flush(), this.#config.BATCH_LINGER_MS);
  }

  #refuse(received: Received, record: Undeliverable, fault: PoisonFault): void {
    const attempts = Math.max(received.attempts, record.attempts ?? 1);
    this.#refused.push({ received, failure: { item: undeliverable(record, attempts), fault } });
    if (this.#refused.length >= this.#config.BATCH_MAX_MESSAGES) void this.#giveUpRefused();
  }

  #pack(packed: Packed, size: ItemSize): void {
    this.tokens += size.tokens;
    for (const batch of this.#packer.add(packed, size)) void this.#emit(batch);
  }

  #decode(received: Received, record: Undeliverable): Decoded | Promise<Decoded> {
    if (received.attempts > this.#config.ATTEMPTS_MAX) return { fault: lethalFault(received.attempts - 1) };
    if (record.cut !== undefined) {
      return { fault: poison("too_long", `only a part of the message came back, without ${record.cut}`) };
    }
    return decode(record, this.#rules, this.#edges.values);
  }

  #flush(): void {
    this.#linger = undefined;
    if (this.#packer.size > 0) void this.#emit(this.#packer.take());
    if (this.#refused.length > 0) void this.#giveUpRefused();
  }

  async #emit(batch: readonly Packed[]): Promise<void> {
    const live = batch.filter(({ received }) => !received.revoked);
    if (live.length > 0) await this.#write(live.map(({ message }) => message));
    for (const { received } of batch) received.done();
  }

  /** Where the topic takes less than it should, in several records; what it does not take even so is given up. */
  async #write(messages: readonly Message[]): Promise<void> {
    const startedAt = performance.now();
    const traced = this.#edges.tracing.begin("ingest.pack", messages);
    const record = encodeBatch(messages);
    const [refused] = await this.#edges.producer.send(this.#config.BATCHES_TOPIC, [{ value: record }]);
    traced?.end();
    if (refused) return this.#writeLess(messages, refused.fault);
    this.#edges.tracker.reached("ingested", messages);
    this.done.add(messages.length, record.length);
    const durationMs = performance.now() - startedAt;
    this.#edges.log.record("ingest.pack", "ok", durationMs, { messages: messages.length, bytes: record.length });
  }

  async #writeLess(messages: readonly Message[], fault: PoisonFault): Promise<void> {
    if (messages.length === 1) return this.#edges.deadLetters.send(messages.map((item) => ({ item, fault })));
    const middle = Math.ceil(messages.length / 2);
    await this.#write(messages.slice(0, middle));
    await this.#write(messages.slice(middle));
  }

  async #giveUpRefused(): Promise<void> {
    const refused = this.#refused;
    this.#refused = [];
    const live = refused.filter(({ received }) => !received.revoked);
    await this.#edges.deadLetters.send(live.map(({ failure }) => failure));
    for (const { received } of refused) received.done();
  }
}

/** A replayed message goes under its first identity, which its headers carry. */
function originalOf(received: Received): Undeliverable | undefined {
  try {
    const letter = parseDeadLetter(received.key, received.value, received.headers);
    const { origin, key, value, headers, attempts, cut } = letter;
    return { ...origin, key, value, headers, attempts: attempts + 1, ...(cut !== undefined && { cut }) };
  } catch (error) {
    if (error instanceof RecordError) return undefined;
    throw error;
  }
}

function undeliverable(record: Undeliverable, attempts: number): Undeliverable {
  const { topic, partition, offset, timestampMs, key, value, headers, cut } = record;
  return {
    ...{ topic, partition, offset, timestampMs, key, value, headers, attempts },
    ...(cut !== undefined && { cut }),
  };
}
