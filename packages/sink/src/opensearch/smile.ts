import { isAscii } from "node:buffer";
import type { GrowingBuffer } from "./growing-buffer.ts";

/**
 * The subset of SMILE that bulk bodies need: objects, strings, integers and arrays of float32.
 * https://github.com/FasterXML/smile-format-specification/blob/master/smile-specification.md, version 1.0.6
 *
 * Only the end of a document contains the byte 0xFF: OpenSearch splits a bulk body at it before parsing. UTF-8 never
 * contains it, and numbers are written in groups of seven bits.
 */

// ":)\n", then version 0 without shared names, shared strings and raw binary: no name occurs twice in a document, and
// a document can't refer to another one.
const HEADER = Buffer.of(0x3a, 0x29, 0x0a, 0x00);
const END_OF_DOCUMENT = 0xff;

const EMPTY_STRING = 0x20;
const INTEGER_32 = 0x24;
const INTEGER_64 = 0x25;
const FLOAT_32 = 0x28;
/** Plus (length in bytes - 1): ASCII strings of 1 to 64 bytes. */
const SHORT_ASCII = 0x40;
const SHORT_ASCII_MAX_BYTES = 64;
/** Plus (length in bytes - 2): other strings of 2 to 65 bytes. */
const SHORT_UNICODE = 0x80;
const SHORT_UNICODE_MAX_BYTES = 65;
/** Plus the zigzag value: integers of -16 to 15. */
const SMALL_INTEGER = 0xc0;
const LONG_ASCII = 0xe0;
const LONG_UNICODE = 0xe4;
const END_OF_STRING = 0xfc;
const START_ARRAY = 0xf8;
const END_ARRAY = 0xf9;
const START_OBJECT = 0xfa;
const END_OBJECT = 0xfb;
/** In the position of a name, plus (length in bytes - 1): ASCII names of 1 to 64 bytes. */
const SHORT_ASCII_NAME = 0x80;

/** A token, and a float32's 32 bits right-aligned in five groups of seven. */
const FLOAT_BYTES = 6;

export function startDocument(to: GrowingBuffer): void {
  to.append(HEADER);
}

/** Ends a document, so that another may follow. */
export function endDocument(to: GrowingBuffer): void {
  to.byte(END_OF_DOCUMENT);
}

export function startObject(to: GrowingBuffer): void {
  to.byte(START_OBJECT);
}

export function endObject(to: GrowingBuffer): void {
  to.byte(END_OBJECT);
}

/** Encodes a field's name. Names are few, so each is encoded once and reused. */
export function encodeName(name: string): Buffer {
  const bytes = Buffer.from(name);
  if (bytes.length < 1 || bytes.length > 64 || !isAscii(bytes)) throw new Error(`"${name}" is not a short ASCII name`);
  return Buffer.concat([Buffer.of(SHORT_ASCII_NAME + bytes.length - 1), bytes]);
}

export function writeString(to: GrowingBuffer, text: string): void {
  const length = Buffer.byteLength(text);
  const end = startString(to, length, length === text.length);
  to.text(text, length);
  if (end) to.byte(END_OF_STRING);
}

/** @param bytes valid UTF-8; anything else could split the body */
export function writeUtf8(to: GrowingBuffer, bytes: Uint8Array): void {
  const end = startString(to, bytes.length, isAscii(bytes));
  to.append(bytes);
  if (end) to.byte(END_OF_STRING);
}

/** Writes a string's prefix; returns whether the string needs an end marker. */
function startString(to: GrowingBuffer, length: number, ascii: boolean): boolean {
  if (length === 0) {
    to.byte(EMPTY_STRING);
    return false;
  }
  if (length <= (ascii ? SHORT_ASCII_MAX_BYTES : SHORT_UNICODE_MAX_BYTES)) {
    to.byte(ascii ? SHORT_ASCII + length - 1 : SHORT_UNICODE + length - 2);
    return false;
  }
  to.byte(ascii ? LONG_ASCII : LONG_UNICODE);
  return true;
}

/**
 * Zigzag (the sign as the lowest bit), then groups of seven bits, highest first; the last group has six bits and its
 * highest bit set. Bit shifts are limited to 32 bits, so the groups are split off by division.
 *
 * @param value a safe integer
 */
export function writeInteger(to: GrowingBuffer, value: number): void {
  const sign = value < 0 ? 1 : 0;
  const magnitude = sign === 1 ? -value - 1 : value;
  if (magnitude < 16) {
    to.byte(SMALL_INTEGER + 2 * magnitude + sign);
    return;
  }
  to.byte(magnitude < 0x8000_0000 ? INTEGER_32 : INTEGER_64);
  const above = Math.floor(magnitude / 32);
  let groups = 0;
  for (let rest = above; rest > 0; rest = Math.floor(rest / 128)) groups++;
  to.reserve(groups + 1);
  let rest = above;
  for (let at = to.length + groups - 1; at >= to.length; at--) {
    to.bytes[at] = rest % 128;
    rest = Math.floor(rest / 128);
  }
  to.length += groups;
  to.bytes[to.length++] = 0x80 | (2 * (magnitude % 32) + sign);
}

/**
 * Writes an array of float32 with exact bits.
 *
 * @param floats little-endian, possibly unaligned
 */
export function writeFloats(to: GrowingBuffer, floats: Uint8Array): void {
  const bits = new DataView(floats.buffer, floats.byteOffset, floats.byteLength);
  const count = bits.byteLength / Float32Array.BYTES_PER_ELEMENT;
  to.reserve(2 + FLOAT_BYTES * count);
  const { bytes } = to;
  let at = to.length;
  bytes[at++] = START_ARRAY;
  for (let index = 0; index < count; index++) {
    const word = bits.getUint32(index * Float32Array.BYTES_PER_ELEMENT, true);
    bytes[at] = FLOAT_32;
    bytes[at + 1] = word >>> 28;
    bytes[at + 2] = (word >>> 21) & 0x7f;
    bytes[at + 3] = (word >>> 14) & 0x7f;
    bytes[at + 4] = (word >>> 7) & 0x7f;
    bytes[at + 5] = word & 0x7f;
    at += FLOAT_BYTES;
  }
  bytes[at++] = END_ARRAY;
  to.length = at;
}
