import type { EmbeddedMessage } from "../src/sink.ts";

/** A vector as the sink receives it. */
export function littleEndian(floats: Float32Array): Buffer {
  return Buffer.from(floats.buffer, floats.byteOffset, floats.byteLength);
}

export function floatsOf(vector: Buffer): Float32Array {
  return new Float32Array(Uint8Array.from(vector).buffer);
}

/** Messages 0 … count - 1 of a topic, each with a distinct text and vector. */
export function documents(count: number, given: Partial<EmbeddedMessage> = {}) {
  const { dimensions = 4, ...fields } = given;
  return Array.from({ length: count }, (_, offset): EmbeddedMessage => {
    const text = Buffer.from(`text ${offset}`);
    const vector = Float32Array.from({ length: dimensions }, (__, at) => Math.sin(1 + offset * dimensions + at));
    return {
      topic: "messages",
      partition: 3,
      offset,
      timestampMs: 1_700_000_000_000 + offset,
      key: null,
      headers: [],
      value: text,
      text,
      model: "test-model",
      dimensions,
      vector: littleEndian(vector),
      ...fields,
    };
  });
}

export function withText(document: EmbeddedMessage, text: string): EmbeddedMessage {
  return { ...document, text: Buffer.from(text), value: Buffer.from(text) };
}

export function tombstone(offset: number, key: string): EmbeddedMessage {
  const [document] = documents(1, { key: Buffer.from(key), value: null, vector: Buffer.alloc(0) });
  if (document === undefined) throw new Error("no document");
  return { ...document, offset, text: Buffer.alloc(0) };
}
