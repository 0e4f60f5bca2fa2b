import { type PoisonCode, type PoisonFault, poisonCodes } from "../fault.ts";
import { RecordError } from "./bytes.ts";
import type { Headers, Origin } from "./message.ts";

/**
 * The record of the `dead-letters` topic: the original key, value and headers, unchanged, and these headers beside them.
 * All are texts. `attempts` counts the deliveries of the message, `failed-at` is ISO 8601.
 */
const PREFIX = "millrace-dead-letter-";

export interface DeadLetter {
  origin: Origin;
  key: Buffer | null;
  value: Buffer | null;
  /** The original headers. */
  headers: Headers;
  fault: PoisonFault;
  /** The stage that gave the message up. */
  stage: string;
  attempts: number;
  failedAt: string;
}

export function deadLetterHeaders(letter: DeadLetter): Headers {
  const { origin, fault } = letter;
  const facts = {
    topic: origin.topic,
    partition: String(origin.partition),
    offset: String(origin.offset),
    timestamp: String(origin.timestampMs),
    code: fault.code,
    cause: fault.cause,
    stage: letter.stage,
    attempts: String(letter.attempts),
    "failed-at": letter.failedAt,
  };
  const own = Object.entries(facts).map(([name, value]) => [PREFIX + name, Buffer.from(value)] as const);
  return [...letter.headers, ...own];
}

/** A record of the replay topic: the original message, and headers that give it its first identity. */
export function replayRecord(letter: DeadLetter) {
  return { key: letter.key, value: letter.value, headers: deadLetterHeaders(letter) };
}

/** Throws a `RecordError` where the headers are not those of a dead letter. */
export function parseDeadLetter(key: Buffer | null, value: Buffer | null, headers: Headers): DeadLetter {
  const facts = new Map<string, string>();
  const original: [string, Buffer | null][] = [];
  for (const [name, bytes] of headers) {
    if (name.startsWith(PREFIX)) facts.set(name.slice(PREFIX.length), bytes?.toString() ?? "");
    else original.push([name, bytes]);
  }
  const code = fact(facts, "code");
  return {
    origin: {
      topic: fact(facts, "topic"),
      partition: integer(facts, "partition"),
      offset: integer(facts, "offset"),
      timestampMs: integer(facts, "timestamp"),
    },
    key,
    value,
    headers: original,
    fault: { kind: "poison", code: isPoisonCode(code) ? code : "invalid", cause: facts.get("cause") ?? "" },
    stage: fact(facts, "stage"),
    attempts: integer(facts, "attempts"),
    failedAt: fact(facts, "failed-at"),
  };
}

function fact(facts: ReadonlyMap<string, string>, name: string): string {
  const value = facts.get(name);
  if (value === undefined) throw new RecordError(`the header ${PREFIX}${name} is missing`);
  return value;
}

function integer(facts: ReadonlyMap<string, string>, name: string): number {
  const value = Number(fact(facts, name));
  if (!Number.isSafeInteger(value) || value < 0) throw new RecordError(`the header ${PREFIX}${name} is not a number`);
  return value;
}

function isPoisonCode(code: string): code is PoisonCode {
  return poisonCodes.some((known) => known === code);
}
