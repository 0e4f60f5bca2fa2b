/** A larger one is not kept for the next body. */
const KEPT_MAX_BYTES = 16_777_216;
/** Rounds sizes up, so that a memory which has grown once fits most bodies. */
const GRANULE_BYTES = 262_144;

/**
 * Memory for the bodies of answers, used again for later ones: 2 MB of fresh memory cost a millisecond of page faults, and V8
 * collects more often the more memory it sees come and go.
 */
export class BodyMemory {
  /** No more of them than bodies were ever read at once. */
  #spare: Buffer[] = [];

  /** @param use must not keep the body, whose memory is another one's afterwards */
  async read<Value>(
    chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
    use: (body: Buffer) => Value,
  ): Promise<Value> {
    let memory = this.#spare.pop() ?? Buffer.alloc(0);
    let length = 0;
    try {
      for await (const chunk of chunks) {
        if (length + chunk.length > memory.length) memory = grown(memory, length, length + chunk.length);
        memory.set(chunk, length);
        length += chunk.length;
      }
      return use(memory.subarray(0, length));
    } finally {
      if (memory.length <= KEPT_MAX_BYTES) this.#spare.push(memory);
    }
  }
}

function grown(memory: Buffer, used: number, needed: number): Buffer {
  const size = Math.ceil(Math.max(needed, 1.25 * memory.length) / GRANULE_BYTES) * GRANULE_BYTES;
  const larger = Buffer.allocUnsafeSlow(size);
  memory.copy(larger, 0, 0, used);
  return larger;
}
