import type { SpareMemory } from "@millrace/shared";

/**
 * Reads the body of an answer into spare memory.
 *
 * @param use must not keep the body, whose memory is another one's afterwards
 */
export async function readBody<Value>(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  spare: SpareMemory,
  use: (body: Buffer) => Value,
): Promise<Value> {
  let memory = spare.take(0);
  let length = 0;
  try {
    for await (const chunk of chunks) {
      const needed = length + chunk.length;
      if (needed > memory.byteLength)
        memory = copied(memory, length, spare.take(Math.max(needed, 1.25 * memory.byteLength)));
      new Uint8Array(memory).set(chunk, length);
      length = needed;
    }
    return use(Buffer.from(memory, 0, length));
  } finally {
    spare.give(memory);
  }
}

function copied(from: ArrayBuffer, length: number, to: ArrayBuffer): ArrayBuffer {
  new Uint8Array(to).set(new Uint8Array(from, 0, length));
  return to;
}
