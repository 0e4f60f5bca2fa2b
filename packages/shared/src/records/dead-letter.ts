import { type PoisonCode, type PoisonFault, poisonCodes } from "../fault.ts";
import { headersSize, RecordError } from "./bytes.ts";
import type { Headers, Origin } from "./message.ts";
import { recordSize } from "./record-size.ts";

/**
 * The record of the `dead-letters` topic: the original key, value and headers, unchanged, plus headers with this prefix,
 * all of them text. `attempts` counts the deliveries of the message, `failed-at` is ISO 8601. If the message is too large
 * for the topic, `cut` describes what is missing.
 */
const PREFIX = "millrace-dead-letter-";

export interface DeadLetter {
  origin: Origin;
  key: Buffer | null;
  value: Buffer | null;
  /** The original headers. */
  headers: Headers;
  fault: PoisonFault;
  /** The stage that dead-lettered the message. */
  stage: string;
  attempts: number;
  failedAt: string;
  /** What is missing from a message that is too large for the topic; absent if nothing is. */
  cut?: string;
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
    ...(letter.cut !== undefined && { cut: letter.cut }),
  };
  const own = Object.entries(facts).map(([name, value]) => [PREFIX + name, Buffer.from(value)] as const);
  return [...letter.headers, ...own];
}

/**
 * Cuts a dead letter down to `maxBytes`: drops the end of the value, and the key or all headers if these alone are too large.
 */
export function fitDeadLetter(letter: DeadLetter, maxBytes: number): DeadLetter {
  const { key, value, headers } = letter;
  if (recordSize(letter) <= maxBytes) return letter;
  const missing = letter.cut === undefined ? [] : [letter.cut];
  const fitting = { ...letter };
  if (key && recordSize({ key }) > maxBytes) {
    fitting.key = null;
    missing.push(`its key of ${key.length} bytes`);
  }
  if (recordSize({ key: fitting.key, headers }) > maxBytes) {
    fitting.headers = [];
    missing.push(`its headers of ${headersSize(headers)} bytes`);
  }
  const room = Math.max(0, maxBytes - recordSize({ ...fitting, value: null }));
  if (value && value.length > room) {
    fitting.value = value.subarray(0, room);
    missing.push(`all but the first ${room} of the ${value.length} bytes of its value`);
  }
  const cut = missing.join(", ");
  return { ...fitting, cut, fault: { ...letter.fault, cause: `${letter.fault.cause}; its dead letter lacks ${cut}` } };
}

export function deadLetterRecord(letter: DeadLetter) {
  return { key: letter.key, value: letter.value, headers: deadLetterHeaders(letter) };
}

/** A replay record has the same form: its headers restore the message's original identity. */
export const replayRecord = deadLetterRecord;

/** Throws a `RecordError` if the headers are not those of a dead letter. */
export function parseDeadLetter(key: Buffer | null, value: Buffer | null, headers: Headers): DeadLetter {
  const facts = new Map<string, string>();
  const original: [string, Buffer | null][] = [];
  for (const [name, bytes] of headers) {
    if (name.startsWith(PREFIX)) facts.set(name.slice(PREFIX.length), bytes?.toString() ?? "");
    else original.push([name, bytes]);
  }
  const code = fact(facts, "code");
  const cut = facts.get("cut");
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
    ...(cut !== undefined && { cut }),
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
