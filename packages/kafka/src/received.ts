import type { Headers, Origin } from "@millrace/shared";
import type { IHeaders, KafkaMessage } from "kafkajs";
import type { AssignedPartition } from "./assigned-partitions.ts";
import type { LedgerEntry } from "./offset-ledger.ts";

/** A delivered record. Its stage must mark it done once all of its effects have happened. */
export interface Received extends Origin {
  key: Buffer | null;
  value: Buffer | null;
  headers: Headers;
  /** How often work on this record began, this time included. Above `ATTEMPTS_MAX` it has crashed that many processes. */
  readonly attempts: number;
  /** Another process has its partition now and will do it again: work that has not begun need not begin. */
  readonly revoked: boolean;
  /** The offset is committed once all earlier records of its partition are done too. */
  done(): void;
}

export class ReceivedRecord implements Received {
  readonly attempts: number;
  readonly done: () => void;
  #partition: AssignedPartition;
  #entry: LedgerEntry;
  #message: KafkaMessage;

  constructor(
    partition: AssignedPartition,
    entry: LedgerEntry,
    message: KafkaMessage,
    attempts: number,
    done: () => void,
  ) {
    this.#partition = partition;
    this.#entry = entry;
    this.#message = message;
    this.attempts = attempts;
    this.done = done;
  }

  get topic(): string {
    return this.#partition.topic;
  }

  get partition(): number {
    return this.#partition.partition;
  }

  get offset(): number {
    return this.#entry.offset;
  }

  get timestampMs(): number {
    return Math.max(0, Number(this.#message.timestamp));
  }

  get key(): Buffer | null {
    return this.#message.key;
  }

  get value(): Buffer | null {
    return this.#message.value;
  }

  get headers(): Headers {
    return headersOf(this.#message.headers);
  }

  get revoked(): boolean {
    return this.#partition.revoked;
  }
}

export function headersOf(headers: IHeaders | undefined): Headers {
  const result: [string, Buffer | null][] = [];
  for (const name in headers) {
    const value = headers[name];
    for (const each of Array.isArray(value) ? value : [value]) {
      if (each === undefined || each === null) result.push([name, null]);
      // For a header named like an inherited property, such as "constructor", kafkajs puts that property before its values.
      else if (typeof each === "string" || Buffer.isBuffer(each)) result.push([name, Buffer.from(each)]);
    }
  }
  return result;
}
