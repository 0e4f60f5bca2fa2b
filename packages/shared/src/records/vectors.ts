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
  /**
   * n × dimensions float32, row-major, little-endian: the vectors of the messages that are no tombstones, in order.
   * At any alignment, as Kafka's buffer has them: a copy that fits a `Float32Array` costs more than reading them so.
   */
  vectors: Buffer;
}

/** @param batch the encoded batch record of exactly `vectors.length / dimensions` messages that are no tombstones */
export function encodeVectors(model: string, dimensions: number, batch: Buffer, vectors: Float32Array): Buffer {
  const name = Buffer.from(model);
  const writer = new ByteWriter(HEADER_SIZE + name.length + batch.length + vectors.byteLength);
  writer.u8(KIND);
  writer.u8(VERSION);
  writer.u16(name.length);
  writer.u32(dimensions);
  writer.u32(vectors.length / dimensions);
  writer.u32(batch.length);
  writer.bytes(name);
  writer.bytes(batch);
  writer.bytes(new Uint8Array(vectors.buffer, vectors.byteOffset, vectors.byteLength));
  return writer.buffer;
}

/** The vectors and the messages' Buffers are views of the record. Throws a `RecordError`. */
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
  return { model, dimensions, messages, vectors: reader.bytes(reader.remaining) };
}
