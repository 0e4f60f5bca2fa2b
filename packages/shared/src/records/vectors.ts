import { endianness } from "node:os";
import { decodeBatch } from "./batch.ts";
import { ByteReader, ByteWriter, RecordError } from "./bytes.ts";
import { isTombstone, type Message } from "./message.ts";

/**
 * The record of the `vectors` topic: a batch record as it came, and one vector for each message that is no tombstone.
 * Little-endian.
 *
 * ```
 * u8 kind = 0xB2    u8 version = 1    u16 length of the model's name
 * u32 dimensions D  u32 number of vectors N   u32 length of the batch record
 * model's name (UTF-8), batch record, N × D float32 (row-major, in the order of the messages)
 * ```
 */
const KIND = 0xb2;
const VERSION = 1;
const HEADER_SIZE = 16;
const FLOAT_SIZE = 4;

// Vectors are moved as raw memory; Node runs on no big-endian machine that this project supports.
if (endianness() !== "LE") throw new Error("Millrace needs a little-endian machine");

export interface EmbeddedBatch {
  model: string;
  dimensions: number;
  messages: Message[];
  /** n × dimensions, row-major: the vectors of the messages that are no tombstones, in their order. */
  vectors: Float32Array;
}

/** @param batch the encoded batch record of exactly `vectors.length / dimensions` messages that are no tombstones */
export function encodeVectors(model: string, dimensions: number, batch: Buffer, vectors: Float32Array): Buffer {
  return new VectorsRecord(batch).encode(model, dimensions, vectors);
}

/** The longest name for which memory of vectors has room before it. */
const RESERVED_NAME_SIZE = 256;

/** Makes the record of one batch; without copying its vectors, if they lie in the memory that it gave. */
export class VectorsRecord {
  readonly batch: Buffer;
  #vectors: Float32Array<ArrayBuffer> | undefined;

  /** @param batch the encoded batch record of the messages that get these vectors */
  constructor(batch: Buffer) {
    this.batch = batch;
  }

  /** Memory for so many numbers, with room before them for all that comes before them in the record. */
  allocate(length: number): Float32Array<ArrayBuffer> {
    const room = HEADER_SIZE + RESERVED_NAME_SIZE + this.batch.length;
    const start = Math.ceil(room / FLOAT_SIZE) * FLOAT_SIZE;
    this.#vectors = new Float32Array(new ArrayBuffer(start + length * FLOAT_SIZE), start, length);
    return this.#vectors;
  }

  /** @param vectors n × dimensions, row-major, of the n messages that are no tombstones */
  encode(model: string, dimensions: number, vectors: Float32Array): Buffer {
    const name = Buffer.from(model);
    const beginning = HEADER_SIZE + name.length + this.batch.length;
    const isInPlace = vectors === this.#vectors && name.length <= RESERVED_NAME_SIZE;
    const record = isInPlace
      ? Buffer.from(vectors.buffer, vectors.byteOffset - beginning, beginning + vectors.byteLength)
      : Buffer.allocUnsafe(beginning + vectors.byteLength);
    const writer = new ByteWriter(record);
    writer.u8(KIND);
    writer.u8(VERSION);
    writer.u16(name.length);
    writer.u32(dimensions);
    writer.u32(vectors.length / dimensions);
    writer.u32(this.batch.length);
    writer.bytes(name);
    writer.bytes(this.batch);
    if (!isInPlace) writer.bytes(new Uint8Array(vectors.buffer, vectors.byteOffset, vectors.byteLength));
    return record;
  }
}

/** Throws a `RecordError`. */
export function decodeVectors(record: Buffer): EmbeddedBatch {
  const reader = new ByteReader(record);
  const kind = reader.u8();
  const version = reader.u8();
  if (kind !== KIND || version !== VERSION) {
    throw new RecordError(
      `not a vectors record of version ${VERSION}: it begins with ${kind.toString(16)} ${version.toString(16)}`,
    );
  }
  const nameLength = reader.u16();
  const dimensions = reader.u32();
  const count = reader.u32();
  const batchLength = reader.u32();
  const model = reader.bytes(nameLength).toString();
  const messages = decodeBatch(reader.bytes(batchLength));
  const texts = messages.reduce((sum, message) => sum + (isTombstone(message) ? 0 : 1), 0);
  if (texts !== count) throw new RecordError(`${count} vectors for ${texts} texts`);
  if (reader.remaining !== count * dimensions * FLOAT_SIZE) {
    throw new RecordError(`${reader.remaining} bytes are not ${count} vectors of ${dimensions} float32`);
  }
  // Copied once: Kafka's buffer gives no alignment, and a Float32Array needs it.
  const bytes = new Uint8Array(reader.remaining);
  bytes.set(reader.bytes(reader.remaining));
  return { model, dimensions, messages, vectors: new Float32Array(bytes.buffer) };
}
