import { type PoisonFault, poison } from "../fault.ts";
import { ByteReader, ByteWriter, headersSize, RecordError, readHeaders, writeHeaders } from "./bytes.ts";
import type { Headers, Message } from "./message.ts";

/**
 * The record of the `batches` topic: the messages of one embeddings request. All numbers are little-endian.
 *
 * ```
 * u8  kind = 0xB1        u8 version = 1        u16 number of topics T        u32 number of messages N
 * T × topic:    u16 length, name (UTF-8)
 * N × message:  u16 index of its topic, u16 flags, u32 partition, u64 offset, u64 timestamp in ms,
 *               u32 key length, u32 headers length, u32 value length, u32 text length,
 *               key, headers, value, text (UTF-8)
 * flags: 1 = the record had a key; 2 = the text is the value itself, so the value is not repeated (length 0);
 *        4 = a tombstone: no value and no text
 * ```
 */
const KIND = 0xb1;
const VERSION = 1;
const HEADER_SIZE = 8;
const MESSAGE_HEADER_SIZE = 40;
/** A header's name has a length of 16 bits. */
const NAME_MAX_BYTES = 0xffff;
const HAS_KEY = 1;
const TEXT_IS_VALUE = 2;
const TOMBSTONE = 4;

/** Bytes of a message in a batch record, without its topic's name. */
export function encodedSize(message: Message): number {
  const value = message.text === message.value ? 0 : (message.value?.length ?? 0);
  return MESSAGE_HEADER_SIZE + (message.key?.length ?? 0) + headersSize(message.headers) + value + message.text.length;
}

/**
 * Why this message does not fit into a batch record, even alone; `undefined` if it does.
 *
 * @param bytes its `encodedSize`
 */
export function unfitForBatch({ headers }: Message, bytes: number, maxBytes: number): PoisonFault | undefined {
  if (bytes > maxBytes) {
    const allowed = `KAFKA_RECORD_MAX_BYTES allows ${maxBytes}`;
    return poison("too_long", `key, headers, value and text have ${bytes} bytes in total; ${allowed}`);
  }
  const isTooLong = ([name]: Headers[number]): boolean => Buffer.byteLength(name) > NAME_MAX_BYTES;
  const header = bytes > NAME_MAX_BYTES ? headers.find(isTooLong) : undefined;
  if (header === undefined) return undefined;
  const nameBytes = Buffer.byteLength(header[0]);
  return poison("too_long", `a header has a name of ${nameBytes} bytes; the record format allows ${NAME_MAX_BYTES}`);
}

export function encodeBatch(messages: readonly Message[]): Buffer {
  const topics = new Map<string, number>();
  for (const { topic } of messages) if (!topics.has(topic)) topics.set(topic, topics.size);
  const names = [...topics.keys()].map((topic) => Buffer.from(topic));
  let size = HEADER_SIZE;
  for (const name of names) size += 2 + name.length;
  for (const message of messages) size += encodedSize(message);

  const writer = new ByteWriter(Buffer.allocUnsafe(size));
  writer.u8(KIND);
  writer.u8(VERSION);
  writer.u16(names.length);
  writer.u32(messages.length);
  for (const name of names) {
    writer.u16(name.length);
    writer.bytes(name);
  }
  for (const message of messages) writeMessage(writer, message, topics.get(message.topic) ?? 0);
  return writer.buffer;
}

function writeMessage(writer: ByteWriter, message: Message, topic: number): void {
  const { key, headers, value, text } = message;
  const textIsValue = text === value;
  writer.u16(topic);
  writer.u16((key ? HAS_KEY : 0) | (textIsValue ? TEXT_IS_VALUE : 0) | (value === null ? TOMBSTONE : 0));
  writer.u32(message.partition);
  writer.u64(message.offset);
  writer.u64(message.timestampMs);
  writer.u32(key?.length ?? 0);
  writer.u32(headersSize(headers));
  writer.u32(textIsValue ? 0 : (value?.length ?? 0));
  writer.u32(text.length);
  if (key) writer.bytes(key);
  writeHeaders(writer, headers);
  if (value !== null && !textIsValue) writer.bytes(value);
  writer.bytes(text);
}

/** The messages' Buffers are views of the record, which stays in memory as long as any of them. Throws a `RecordError`. */
export function decodeBatch(record: Buffer): Message[] {
  const reader = new ByteReader(record);
  const kind = reader.u8();
  const version = reader.u8();
  if (kind !== KIND || version !== VERSION) {
    throw new RecordError(
      `not a batch record of version ${VERSION}: it starts with ${kind.toString(16)} ${version.toString(16)}`,
    );
  }
  const topicCount = reader.u16();
  const messageCount = reader.u32();
  const topics = Array.from({ length: topicCount }, () => reader.bytes(reader.u16()).toString());
  if (messageCount * MESSAGE_HEADER_SIZE > reader.remaining) {
    throw new RecordError(`${messageCount} messages cannot fit into the ${reader.remaining} bytes that follow`);
  }
  const messages = Array.from({ length: messageCount }, () => readMessage(reader, topics));
  if (reader.remaining > 0) throw new RecordError(`${reader.remaining} bytes follow the last message`);
  return messages;
}

function readMessage(reader: ByteReader, topics: readonly string[]): Message {
  const topicIndex = reader.u16();
  const topic = topics[topicIndex];
  if (topic === undefined) throw new RecordError(`a message names topic ${topicIndex} of ${topics.length}`);
  const flags = reader.u16();
  const partition = reader.u32();
  const offset = reader.u64();
  const timestampMs = reader.u64();
  const keyLength = reader.u32();
  const headersLength = reader.u32();
  const valueLength = reader.u32();
  const textLength = reader.u32();
  const key = reader.bytes(keyLength);
  const headers = headersLength === 0 ? [] : readHeaders(reader.bytes(headersLength));
  const value = reader.bytes(valueLength);
  const text = reader.bytes(textLength);
  return {
    topic,
    partition,
    offset,
    timestampMs,
    key: flags & HAS_KEY ? key : null,
    headers,
    value: storedValue(flags, value, text),
    text,
  };
}

function storedValue(flags: number, value: Buffer, text: Buffer): Buffer | null {
  if (flags & TOMBSTONE) return null;
  return flags & TEXT_IS_VALUE ? text : value;
}
