const SLOTS = 2 ** 22;
/** A fuller hash table becomes slow. */
const TEXTS_MAX = (SLOTS / 4) * 3;
/** A number holds 53 bits exactly. Zero marks a free slot, so one is added to each value. */
const DIGITS = 13;

/**
 * Remembers texts by 52 bits of their hashes in at most 32 MB: the first three million or so. In one of a thousand
 * topics it takes two different texts for the same.
 */
export class TextSet {
  #slots = new Float64Array(SLOTS);
  #size = 0;

  /** Nothing more is remembered: repetitions of later texts go undetected. */
  get isFull(): boolean {
    return this.#size >= TEXTS_MAX;
  }

  /** @param hash of a text, in hexadecimal. Returns whether the text is new. */
  add(hash: string): boolean {
    const value = Number.parseInt(hash.slice(-DIGITS), 16) + 1;
    let slot = value % SLOTS;
    while (this.#slots[slot] !== 0) {
      if (this.#slots[slot] === value) return false;
      slot = (slot + 1) % SLOTS;
    }
    if (!this.isFull) {
      this.#slots[slot] = value;
      this.#size++;
    }
    return true;
  }
}
