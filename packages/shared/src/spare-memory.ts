/** Larger memory is not kept. */
const KEPT_MAX_BYTES = 16_777_216;
/** Sizes are rounded up, so that what was made once fits most of what comes later. */
const GRANULE_BYTES = 262_144;

/**
 * Large memory that is used again: a megabyte of fresh memory costs half a millisecond of page faults, and V8 collects the
 * more often, the more memory it sees come and go.
 */
export class SpareMemory {
  /** No more than were ever in use at once. */
  #spare: ArrayBuffer[] = [];

  /** At least so many bytes, of any content. */
  take(bytes: number): ArrayBuffer {
    const spare = this.#spare.pop();
    if (spare && spare.byteLength >= bytes) return spare;
    return new ArrayBuffer(Math.max(1, Math.ceil(bytes / GRANULE_BYTES)) * GRANULE_BYTES);
  }

  /** Nobody may read or write it any more, through any view. */
  give(memory: ArrayBuffer): void {
    if (memory.byteLength <= KEPT_MAX_BYTES) this.#spare.push(memory);
  }
}
