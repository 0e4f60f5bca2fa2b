/** Larger buffers are not kept. */
const KEPT_MAX_BYTES = 16_777_216;
/** Sizes are rounded up, so that a buffer fits most later requests. */
const GRANULE_BYTES = 262_144;

/**
 * A pool of large buffers: a megabyte of fresh memory costs half a millisecond of page faults, and V8 collects more often
 * the more memory is allocated and freed.
 */
export class SpareMemory {
  /** Never more than were in use at once. */
  #spare: ArrayBuffer[] = [];

  /** Returns at least this many bytes, uninitialized. */
  take(bytes: number): ArrayBuffer {
    const spare = this.#spare.pop();
    if (spare && spare.byteLength >= bytes) return spare;
    return new ArrayBuffer(Math.max(1, Math.ceil(bytes / GRANULE_BYTES)) * GRANULE_BYTES);
  }

  /** Returns the memory to the pool. It must not be read or written afterwards, through any view. */
  give(memory: ArrayBuffer): void {
    if (memory.byteLength <= KEPT_MAX_BYTES) this.#spare.push(memory);
  }
}
