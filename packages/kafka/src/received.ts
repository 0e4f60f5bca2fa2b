import type { Headers, Origin } from "@millrace/shared";
import type { IHeaders, KafkaMessage } from "kafkajs";
import { type LedgerEntry, OffsetLedger } from "./offset-ledger.ts";

/** A record that was delivered and that its stage must mark done, once everything that it asks for has happened. */
export interface Received extends Origin {
  key: Buffer | null;
  value: Buffer | null;
  headers: Headers;
  /** How often work on this record began, this time included; above `ATTEMPTS_MAX` processes died of it. */
  readonly attempts: number;
  /** Its partition went to another process, which will do it again; what has not begun need not begin. */
  readonly revoked: boolean;
  /** Lets the offset be committed as soon as all earlier ones of its partition are done. */
  done(): void;
}

/** A partition that this member of the group has, or had. */
export interface AssignedPartition {
  readonly topic: string;
  readonly partition: number;
  readonly ledger: OffsetLedger;
  /** The offset last committed. */
  committed: number | undefined;
  revoked: boolean;
  /** Whether this start was counted: with the first record that is delivered. */
  startCounted: boolean;
  /** How many records are still delivered one by one, because processes died soon after their start. */
  suspects: number;
}

export function assignedPartition(topic: string, partition: number): AssignedPartition {
  const ledger = new OffsetLedger();
  return { topic, partition, ledger, committed: undefined, revoked: false, startCounted: false, suspects: 0 };
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
      // kafkajs puts what every object inherits before the values of a header of that name, such as "constructor".
      else if (typeof each === "string" || Buffer.isBuffer(each)) result.push([name, Buffer.from(each)]);
    }
  }
  return result;
}
