import type { Received, RecordProducer } from "@millrace/kafka";
import {
  bisect,
  encodeBatch,
  encodedSize,
  type Failure,
  type Message,
  type PoisonFault,
  poison,
  type Settled,
  type Undeliverable,
  unfitForBatch,
  type ValueDecoder,
} from "@millrace/shared";
import { type AccountEdges, Accounts, lethalFault, type Work } from "@millrace/stage";
import type { IngestConfig } from "./config.ts";
import { type Decoded, type DecodeRules, decode, decodeRules } from "./decode.ts";
import { type ItemSize, Packer } from "./packer.ts";
import { originalOf, undeliverable } from "./replay.ts";

export interface IngestEdges extends AccountEdges {
  producer: RecordProducer;
  /** Absent where there is no schema registry. */
  values?: ValueDecoder | undefined;
}

interface Packed {
  received: Received;
  message: Message;
}

interface Refused {
  received: Received;
  failure: Failure<Undeliverable, PoisonFault>;
}

/**
 * Decodes and validates each message of the source topics, and packs the valid ones, across partitions, into batches
 * that fill one embeddings request. A batch waits at most `BATCH_LINGER_MS` for more messages.
 */
export class Ingest {
  /** Tokens of the texts that were packed, as a request's budget counts them. */
  tokens = 0;
  /** Records of the replay topic that identify no message. */
  unidentified = 0;
  #config: IngestConfig;
  #edges: IngestEdges;
  #accounts: Accounts;
  #rules: DecodeRules;
  #packer: Packer<Packed>;
  #refused: Refused[] = [];
  #linger: NodeJS.Timeout | undefined;

  constructor(config: IngestConfig, edges: IngestEdges) {
    this.#config = config;
    this.#edges = edges;
    this.#accounts = new Accounts({ action: "ingest.pack", milestone: "ingested" }, edges);
    this.#rules = decodeRules(config);
    this.#packer = new Packer({
      maxItems: config.BATCH_MAX_MESSAGES,
      maxTokens: config.BATCH_MAX_TOKENS,
      maxBytes: Math.min(config.BATCH_MAX_BYTES, config.KAFKA_RECORD_MAX_BYTES),
    });
  }

  get done(): Work {
    return this.#accounts.done;
  }

  accept(received: Received): void {
    const record = received.topic === this.#config.REPLAY_TOPIC ? originalOf(received) : received;
    if (record === undefined) {
      this.#skip(received);
      return;
    }
    const decoded = this.#decode(received, record);
    // A message whose schema is being fetched counts as in flight, which bounds how many wait.
    if (decoded instanceof Promise) void decoded.then((late) => this.#take(received, record, late));
    else this.#take(received, record, decoded);
  }

  /** Without dead-letter headers a record of the replay topic identifies no message: there is nothing to replay. */
  #skip(received: Received): void {
    this.unidentified++;
    const { partition, offset } = received;
    const cause = "skipped a record of the replay topic without dead-letter headers: it identifies no message";
    this.#edges.log.record("ingest.replay", "failed", undefined, { cause, partition, offset });
    received.done();
  }

  #decode(received: Received, record: Undeliverable): Decoded | Promise<Decoded> {
    if (received.attempts > this.#config.ATTEMPTS_MAX) return { fault: lethalFault(received.attempts - 1) };
    if (record.cut !== undefined) {
      return { fault: poison("too_long", `its dead letter holds only a part of the message, without ${record.cut}`) };
    }
    return decode(record, this.#rules, this.#edges.values);
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
    if (this.#refused.length >= this.#config.BATCH_MAX_MESSAGES) void this.#deadLetterRefused();
  }

  #pack(packed: Packed, size: ItemSize): void {
    this.tokens += size.tokens;
    for (const batch of this.#packer.add(packed, size)) void this.#emit(batch);
  }

  #flush(): void {
    this.#linger = undefined;
    if (this.#packer.size > 0) void this.#emit(this.#packer.take());
    if (this.#refused.length > 0) void this.#deadLetterRefused();
  }

  async #emit(batch: readonly Packed[]): Promise<void> {
    const messages = batch.filter(({ received }) => !received.revoked).map(({ message }) => message);
    if (messages.length > 0) {
      const record = encodeBatch(messages);
      await this.#accounts.settle(messages, record.length, () => this.#write(messages, record));
    }
    for (const { received } of batch) received.done();
  }

  /** In one record where the topic takes it, else by halves; a message that the topic does not take even alone is poison. */
  async #write(messages: readonly Message[], record: Buffer): Promise<Settled<Message>> {
    const settled: Settled<Message> = { done: [], poison: [] };
    const attempt = async (some: readonly Message[]) => {
      const value = some === messages ? record : encodeBatch(some);
      const { refused } = await this.#edges.producer.send(this.#config.BATCHES_TOPIC, [{ value }]);
      return refused[0] ? { refusal: refused[0].fault } : { taken: undefined };
    };
    for await (const part of bisect(messages, attempt)) {
      if ("refusal" in part) for (const item of part.items) settled.poison.push({ item, fault: part.refusal });
      else settled.done.push(...part.items);
    }
    return settled;
  }

  async #deadLetterRefused(): Promise<void> {
    const refused = this.#refused;
    this.#refused = [];
    const live = refused.filter(({ received }) => !received.revoked);
    await this.#edges.deadLetters.send(live.map(({ failure }) => failure));
    for (const { received } of refused) received.done();
  }
}
