import { isUtf8 } from "node:buffer";
import type { Message, Undeliverable } from "@millrace/shared";
import {
  type DecodedValue,
  isFramed,
  NO_REGISTRY,
  type PoisonFault,
  poison,
  type ValueDecoder,
} from "@millrace/shared";
import { selectByPointer } from "./json-pointer.ts";
import type { TextSettings } from "./text-settings.ts";
import { tokenBudget } from "./tokens.ts";

export interface DecodeRules {
  /** JSON Pointer to the text; absent: the value is the text. */
  textField?: string;
  /** What the identity of a document is: with `key`, every message needs one, and one without a value deletes. */
  documentId: "offset" | "key";
  maxBytes: number;
  maxTokens: number;
}

export function decodeRules(config: TextSettings): DecodeRules {
  return {
    ...(config.TEXT_FIELD !== undefined && { textField: config.TEXT_FIELD }),
    documentId: config.DOCUMENT_ID,
    maxBytes: config.MESSAGE_MAX_BYTES,
    maxTokens: config.EMBEDDING_INPUT_MAX_TOKENS,
  };
}

export type Decoded = { message: Message; tokens: number } | { fault: PoisonFault };

/**
 * Turns a record into a message with a text that can be embedded, or says what is wrong with it.
 *
 * @param values decodes the values that name their schema; absent where there is no schema registry
 * @returns at once, except where such a schema has to be fetched first
 */
export function decode(record: Undeliverable, rules: DecodeRules, values?: ValueDecoder): Decoded | Promise<Decoded> {
  const { topic, partition, offset, timestampMs, key, headers, value } = record;
  if (rules.documentId === "key" && key === null) {
    return { fault: poison("invalid", "the message has no key, and DOCUMENT_ID is key") };
  }
  if (rules.documentId === "key" && value === null) {
    const tombstone = { topic, partition, offset, timestampMs, key, headers, value, text: Buffer.alloc(0) };
    return { message: tombstone, tokens: 0 };
  }
  if (value === null || value.length === 0) return { fault: poison("invalid", "the message has no value") };
  if (value.length > rules.maxBytes) {
    return {
      fault: poison("too_long", `the message has ${value.length} bytes; MESSAGE_MAX_BYTES allows ${rules.maxBytes}`),
    };
  }
  if (isFramed(value)) {
    if (!values) return { fault: poison("undecodable", NO_REGISTRY) };
    const decoded = values.decode(value);
    const toMessage = (found: DecodedValue): Decoded =>
      "fault" in found ? found : messageOf(record, value, textIn(found.value, rules.textField ?? ""), rules);
    return decoded instanceof Promise ? decoded.then(toMessage) : toMessage(decoded);
  }
  if (!isUtf8(value)) return { fault: poison("undecodable", "the value is not UTF-8") };
  const text = rules.textField === undefined ? value : textAt(value, rules.textField);
  return messageOf(record, value, text, rules);
}

function messageOf(
  { topic, partition, offset, timestampMs, key, headers }: Undeliverable,
  value: Buffer,
  text: Buffer | PoisonFault,
  rules: DecodeRules,
): Decoded {
  if ("kind" in text) return { fault: text };
  if (isBlank(text)) return { fault: poison("invalid", "the text is empty") };
  const tokens = tokenBudget(text, rules.maxTokens);
  if (tokens > rules.maxTokens) {
    return {
      fault: poison("too_long", `the text has ${tokens} tokens; EMBEDDING_INPUT_MAX_TOKENS allows ${rules.maxTokens}`),
    };
  }
  return { message: { topic, partition, offset, timestampMs, key, headers, value, text }, tokens };
}

function textAt(value: Buffer, pointer: string): Buffer | PoisonFault {
  let json: unknown;
  try {
    json = JSON.parse(value.toString());
  } catch {
    return poison("undecodable", "the value is not JSON, and TEXT_FIELD asks for a field of it");
  }
  return textIn(json, pointer);
}

function textIn(value: unknown, pointer: string): Buffer | PoisonFault {
  const found = selectByPointer(value, pointer);
  if (found === undefined) return poison("invalid", `the value has no field ${pointer}`);
  if (typeof found !== "string")
    return poison(
      "invalid",
      pointer === "" ? "the value is not a text: TEXT_FIELD says which field is" : `the field ${pointer} is not a text`,
    );
  // JSON can spell half a surrogate pair, UTF-8 cannot.
  return Buffer.from(found.toWellFormed());
}

function isBlank(text: Buffer): boolean {
  const first = text[0] ?? 0;
  const visibleAscii = first > 0x20 && first < 0x7f;
  return !visibleAscii && text.toString().trim() === "";
}
