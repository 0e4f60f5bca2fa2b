import { endianness } from "node:os";
import { SpareMemory } from "../spare-memory.ts";
import { decodeBatch } from "./batch.ts";
import { ByteReader, ByteWriter, RecordError } from "./bytes.ts";
import { isTombstone, type Message } from "./message.ts";

/**
 * The record of the `vectors` topic: an unchanged batch record, and one vector for each message that is not a tombstone.
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

// Vectors are copied as raw memory; no supported platform is big-endian.
if (endianness() !== "LE") throw new Error("Millrace needs a little-endian machine");

export interface EmbeddedBatch {
  model: string;
  dimensions: number;
  messages: Message[];
  /**
   * n × dimensions float32, row-major, little-endian: the vectors of the messages that are not tombstones, in order.
   * May be unaligned, as in Kafka's buffer: copying it into a `Float32Array` costs more than unaligned reads.
   */
  vectors: Buffer;
}

/** @param batch an encoded batch record with exactly `vectors.length / dimensions` messages that are not tombstones */
export function encodeVectors(model: string, dimensions: number, batch: Buffer, vectors: Float32Array): Buffer {
  return new VectorsRecord(batch, new SpareMemory()).encode(model, dimensions, vectors);
}

/** Space for the model's name, reserved before the model is known. */
const NAME_SIZE = 256;

/** Encodes the record of one batch, without copying vectors that are in memory from `allocate`. */
export class VectorsRecord {
  readonly batch: Buffer;
  readonly #spare: SpareMemory;
  #memory: ArrayBuffer | undefined;
  #vectors: Float32Array<ArrayBuffer> | undefined;

  /** @param batch the encoded batch record of the messages that get these vectors */
  constructor(batch: Buffer, spare: SpareMemory) {
    this.batch = batch;
    this.#spare = spare;
  }

  /**
   * Allocates memory for `length` numbers, with space in front for the rest of the record. Leaves earlier memory to the
   * garbage collector, since it may still be read.
   */
  allocate(length: number, nameSize = NAME_SIZE): Float32Array<ArrayBuffer> {
    const room = HEADER_SIZE + nameSize + this.batch.length;
    const start = Math.ceil(room / FLOAT_SIZE) * FLOAT_SIZE;
    this.#memory = this.#spare.take(start + length * FLOAT_SIZE);
    this.#vectors = new Float32Array(this.#memory, start, length);
    return this.#vectors;
  }

  /**
   * The returned record is valid until `release`.
   *
   * @param vectors n × dimensions, row-major, of the n messages that are not tombstones
   */
  encode(model: string, dimensions: number, vectors: Float32Array): Buffer {
    const name = Buffer.from(model);
    const placed = this.#vectors === vectors && name.length <= NAME_SIZE ? vectors : this.#copied(vectors, name.length);
    const beginning = HEADER_SIZE + name.length + this.batch.length;
    const record = Buffer.from(placed.buffer, placed.byteOffset - beginning, beginning + placed.byteLength);
    const writer = new ByteWriter(record);
    writer.u8(KIND);
    writer.u8(VERSION);
    writer.u16(name.length);
    writer.u32(dimensions);
    writer.u32(vectors.length / dimensions);
    writer.u32(this.batch.length);
    writer.bytes(name);
    writer.bytes(this.batch);
    return record;
  }

  /** Returns the memory to the pool: neither the vectors nor the record may be used afterwards. */
  release(): void {
    if (this.#memory) this.#spare.give(this.#memory);
    this.#memory = undefined;
    this.#vectors = undefined;
  }

  #copied(vectors: Float32Array, nameSize: number): Float32Array {
    const copy = this.allocate(vectors.length, nameSize);
    copy.set(vectors);
    return copy;
  }
}

/** The vectors and the messages' Buffers are views of the record. Throws a `RecordError`. */
export function decodeVectors(record: Buffer): EmbeddedBatch {
  const reader = new ByteReader(record);
  const kind = reader.u8();
  const version = reader.u8();
  if (kind !== KIND || version !== VERSION) {
    throw new RecordError(
      `not a vectors record of version ${VERSION}: it starts with ${kind.toString(16)} ${version.toString(16)}`,
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
  return { model, dimensions, messages, vectors: reader.bytes(reader.remaining) };
}
