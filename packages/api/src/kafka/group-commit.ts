import type { OutgoingRecord, Placement } from "@millrace/kafka";
import { recordSize, retryable } from "@millrace/shared";
import type { Outcome } from "../outcome.ts";

type Send = (topic: string, records: readonly OutgoingRecord[]) => Promise<Outcome<Placement[]>>;

interface Waiting {
  records: readonly OutgoingRecord[];
  bytes: number;
  settle(outcome: Outcome<Placement[]>): void;
}

/** Limits in bytes, as the records have in Kafka. A single append may have more. */
export interface GroupLimits {
  /** In one request. */
  requestMaxBytes: number;
  /** Of all unanswered appends; further appends are refused at once. */
  unansweredMaxBytes: number;
}

/**
 * Sends the appends that arrive during a request to Kafka together in the next one, as a database commits in groups: no
 * append waits for a timer, a slow broker gets fewer requests instead of more, and the records of a key keep their order.
 * Each topic has one request in flight.
 */
export class GroupCommit {
  readonly #send: Send;
  readonly #limits: GroupLimits;
  readonly #waiting = new Map<string, Waiting[]>();
  #unansweredBytes = 0;

  constructor(send: Send, limits: GroupLimits) {
    this.#send = send;
    this.#limits = limits;
  }

  /** Resolves with the placement of each record, or with the fault of its request. */
  append(topic: string, records: readonly OutgoingRecord[]): Promise<Outcome<Placement[]>> {
    const { promise, resolve } = Promise.withResolvers<Outcome<Placement[]>>();
    const append = { records, bytes: bytesOf(records), settle: resolve };
    if (this.#unansweredBytes > 0 && this.#unansweredBytes + append.bytes > this.#limits.unansweredMaxBytes) {
      const cause = `${this.#unansweredBytes} bytes are waiting for Kafka already; publish more slowly`;
      return Promise.resolve({ fault: retryable("unavailable", cause) });
    }
    this.#unansweredBytes += append.bytes;
    const waiting = this.#waiting.get(topic);
    if (waiting) waiting.push(append);
    else {
      const first = [append];
      this.#waiting.set(topic, first);
      void this.#sendAll(topic, first);
    }
    return promise;
  }

  async #sendAll(topic: string, waiting: Waiting[]): Promise<void> {
    while (waiting.length > 0) {
      const group = waiting.splice(0, this.#groupSize(waiting));
      const outcome = await this.#send(
        topic,
        group.flatMap(({ records }) => records),
      );
      let next = 0;
      for (const { records, bytes, settle } of group) {
        this.#unansweredBytes -= bytes;
        settle("fault" in outcome ? outcome : { value: outcome.value.slice(next, next + records.length) });
        next += records.length;
      }
    }
    this.#waiting.delete(topic);
  }

  #groupSize(waiting: readonly Waiting[]): number {
    let bytes = 0;
    const end = waiting.findIndex((append, index) => {
      bytes += append.bytes;
      return index > 0 && bytes > this.#limits.requestMaxBytes;
    });
    return end === -1 ? waiting.length : end;
  }
}

function bytesOf(records: readonly OutgoingRecord[]): number {
  return records.reduce((sum, record) => sum + recordSize(record), 0);
}
