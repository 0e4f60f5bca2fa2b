import type { Headers } from "./message.ts";

/** A record that this version cannot read: damaged, foreign, or newer. */
export class RecordError extends Error {
  override name = "RecordError";
}

/** What `parse` returns, or undefined where it throws a `RecordError`; any other error is a bug and goes on. */
export function tryParse<Value>(parse: () => Value): Value | undefined {
  try {
    return parse();
  } catch (error) {
    if (error instanceof RecordError) return undefined;
    throw error;
  }
}

/** Writes little-endian fields one after another into a Buffer that the caller made large enough. */
export class ByteWriter {
  readonly buffer: Buffer;
  #position = 0;

  constructor(buffer: Buffer) {
    this.buffer = buffer;
  }

  u8(value: number): void {
    this.#position = this.buffer.writeUInt8(value, this.#position);
  }

  u16(value: number): void {
    this.#position = this.buffer.writeUInt16LE(value, this.#position);
  }

  u32(value: number): void {
    this.#position = this.buffer.writeUInt32LE(value, this.#position);
  }

  /** An unsigned 64-bit integer, exact up to 2⁵³. */
  u64(value: number): void {
    this.u32(value % 0x1_0000_0000);
    this.u32(Math.floor(value / 0x1_0000_0000));
  }

  bytes(value: Uint8Array): void {
    this.buffer.set(value, this.#position);
    this.#position += value.length;
  }
}

/** Reads little-endian fields; running past the end is a `RecordError`, never a wrong value. */
export class ByteReader {
  readonly buffer: Buffer;
  #position = 0;

  constructor(buffer: Buffer) {
    this.buffer = buffer;
  }

  get remaining(): number {
    return this.buffer.length - this.#position;
  }

  u8(): number {
    return this.buffer.readUInt8(this.#advance(1));
  }

  u16(): number {
    return this.buffer.readUInt16LE(this.#advance(2));
  }

  u32(): number {
    return this.buffer.readUInt32LE(this.#advance(4));
  }

  u64(): number {
    const low = this.u32();
    return low + this.u32() * 0x1_0000_0000;
  }

  /** A view, not a copy. */
  bytes(length: number): Buffer {
    const start = this.#advance(length);
    return this.buffer.subarray(start, start + length);
  }

  #advance(length: number): number {
    if (length > this.remaining) {
      throw new RecordError(
        `the record ends ${length - this.remaining} bytes too early (${this.buffer.length} bytes in all)`,
      );
    }
    const start = this.#position;
    this.#position += length;
    return start;
  }
}

const NULL_LENGTH = 0xffff_ffff;

export function headersSize(headers: Headers): number {
  let size = 0;
  for (const [name, value] of headers) size += 2 + Buffer.byteLength(name) + 4 + (value?.length ?? 0);
  return size;
}

/** Each header: u16 name length, name (UTF-8), u32 value length (all ones: null), value. */
export function writeHeaders(writer: ByteWriter, headers: Headers): void {
  for (const [name, value] of headers) {
    const bytes = Buffer.from(name);
    writer.u16(bytes.length);
    writer.bytes(bytes);
    writer.u32(value?.length ?? NULL_LENGTH);
    if (value) writer.bytes(value);
  }
}

export function readHeaders(bytes: Buffer): Headers {
  const reader = new ByteReader(bytes);
  const headers: [string, Buffer | null][] = [];
  while (reader.remaining > 0) {
    const name = reader.bytes(reader.u16()).toString();
    const length = reader.u32();
    headers.push([name, length === NULL_LENGTH ? null : reader.bytes(length)]);
  }
  return headers;
}
