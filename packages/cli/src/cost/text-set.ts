const SLOTS = 2 ** 22;
/** A hash table that is fuller than this gets slow. */
const TEXTS_MAX = (SLOTS / 4) * 3;
/** A number holds 53 bits exactly; zero is a free slot, so that one is added. */
const DIGITS = 13;

/**
 * Remembers texts by 52 bits of their hashes, in 32 MB and no more: the first three million or so, among which it takes
 * two different texts for one in a topic of a thousand.
 */
export class TextSet {
  #slots = new Float64Array(SLOTS);
  #size = 0;

  /** Nothing more is remembered: a repetition of a later text goes unseen. */
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
