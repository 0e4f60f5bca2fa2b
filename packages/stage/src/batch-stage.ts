import type { Attempts, Received } from "@millrace/kafka";
import { type Message, poison, type Settled, tryParse } from "@millrace/shared";
import pLimit from "p-limit";
import { type AccountEdges, type AccountOptions, Accounts } from "./accounts.ts";
import { lethalFault } from "./attempts.ts";
import type { Stage } from "./presence.ts";
import type { Work } from "./work.ts";

/** The messages of one record. */
export interface MessageBatch<Item extends Message> {
  messages: readonly Item[];
  /** Of the record. */
  bytes: number;
}

/** What a stage does with the records of its topic, each of which holds a batch of messages. */
export interface BatchDefinition<Item extends Message, Batch extends MessageBatch<Item>> extends AccountOptions<Item> {
  stage: Stage;
  /** Throws a `RecordError` for a record that is no batch of this version. */
  decode(record: Buffer): Batch;
  /** The same message as a batch of its own. */
  single(message: Item): Batch;
  /** Leaves every message either done or poison, however long that takes. */
  work(batch: Batch): Promise<Settled<Item>>;
  /** Records that are worked on at once; absent: as many as are delivered. */
  concurrency?: number;
  /** The batch with the next waiting one added; undefined where the two can't share one piece of work. */
  join?(batch: Batch, next: Batch): Batch | undefined;
}

export interface BatchEdges extends AccountEdges {
  attempts: Attempts;
}

export interface BatchStage {
  accept(received: Received): void;
  readonly done: Work;
}

/**
 * The protocol of a stage whose records are batches, in this order: an undecodable record is dead-lettered; a record
 * that processes died of is worked on message by message; any other is worked on, together with those that wait where
 * the stage joins them; then its accounts are settled, and last the record is done. A revoked record is only marked
 * done: the partition's next owner works on it.
 *
 * @param attemptsMax `ATTEMPTS_MAX`
 */
export function createBatchStage<Item extends Message, Batch extends MessageBatch<Item>>(
  definition: BatchDefinition<Item, Batch>,
  attemptsMax: number,
  edges: BatchEdges,
): BatchStage {
  return new BatchProtocol(definition, attemptsMax, edges);
}

interface Waiting<Batch> {
  received: Received;
  /** Absent for a record that can't be decoded. */
  batch: Batch | undefined;
}

class BatchProtocol<Item extends Message, Batch extends MessageBatch<Item>> implements BatchStage {
  #definition: BatchDefinition<Item, Batch>;
  #attemptsMax: number;
  #edges: BatchEdges;
  #accounts: Accounts<Item>;
  #waiting: Received[] = [];
  /** The first waiting record, where it was decoded and not taken. */
  #peeked: Waiting<Batch> | undefined;
  #limit: ReturnType<typeof pLimit>;

  constructor(definition: BatchDefinition<Item, Batch>, attemptsMax: number, edges: BatchEdges) {
    this.#definition = definition;
    this.#attemptsMax = attemptsMax;
    this.#edges = edges;
    this.#accounts = new Accounts(definition, edges);
    this.#limit = pLimit(definition.concurrency ?? Number.POSITIVE_INFINITY);
  }

  get done(): Work {
    return this.#accounts.done;
  }

  accept(received: Received): void {
    this.#waiting.push(received);
    void this.#limit(() => this.#workNext());
  }

  async #workNext(): Promise<void> {
    const first = this.#peek();
    // Joined to the work that began before.
    if (!first) return;
    this.#take();
    const { received, batch } = first;
    if (received.revoked) received.done();
    else if (batch === undefined) await this.#deadLetterRecord(received);
    else if (received.attempts > this.#attemptsMax) await this.#workOneByOne(received, batch);
    else await this.#work(received, batch);
  }

  async #deadLetterRecord(received: Received): Promise<void> {
    const fault = poison("undecodable", `not a record of this version, in ${received.topic}`);
    await this.#edges.deadLetters.send([{ item: received, fault }]);
    received.done();
  }

  /**
   * Finds the messages that processes die of by a count for each message. The count of a lethal message ends with its
   * record, so that the next death of another message does not begin it again: deaths add up and never multiply.
   */
  async #workOneByOne(received: Received, batch: Batch): Promise<void> {
    const { stage, single } = this.#definition;
    const { attempts, deadLetters } = this.#edges;
    const lethal: Item[] = [];
    for (const message of batch.messages) {
      const deaths = (await attempts.begin(stage, message)) - 1;
      if (deaths < this.#attemptsMax) {
        await this.#settle(single(message));
        attempts.end(stage, message);
      } else {
        attempts.keep(stage, message);
        await deadLetters.send([{ item: { ...message, attempts: deaths }, fault: lethalFault(deaths) }]);
        lethal.push(message);
      }
    }
    received.done();
    for (const message of lethal) attempts.end(stage, message);
  }

  async #work(received: Received, batch: Batch): Promise<void> {
    const records = [received];
    const joined = this.#joinWaiting(batch, records);
    await this.#settle(joined);
    for (const record of records) record.done();
  }

  #settle(batch: Batch): Promise<void> {
    return this.#accounts.settle(batch.messages, batch.bytes, () => this.#definition.work(batch));
  }

  /** Adds the records that wait next, as long as the stage can work on them together. */
  #joinWaiting(batch: Batch, records: Received[]): Batch {
    let joined = batch;
    for (let next = this.#joinable(joined); next; next = this.#joinable(joined)) {
      this.#take();
      records.push(next.received);
      joined = next.joined;
    }
    return joined;
  }

  #joinable(batch: Batch): { received: Received; joined: Batch } | undefined {
    if (!this.#definition.join) return undefined;
    const next = this.#peek();
    if (!next?.batch || next.received.revoked || next.received.attempts > this.#attemptsMax) return undefined;
    const joined = this.#definition.join(batch, next.batch);
    return joined && { received: next.received, joined };
  }

  #peek(): Waiting<Batch> | undefined {
    const received = this.#waiting[0];
    if (!received) return undefined;
    if (this.#peeked?.received !== received) {
      const record = received.value ?? Buffer.alloc(0);
      this.#peeked = { received, batch: tryParse(() => this.#definition.decode(record)) };
    }
    return this.#peeked;
  }

  #take(): void {
    this.#waiting.shift();
    this.#peeked = undefined;
  }
}
