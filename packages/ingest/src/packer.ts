export interface BatchLimits {
  maxItems: number;
  maxTokens: number;
  maxBytes: number;
}

export interface ItemSize {
  tokens: number;
  bytes: number;
}

/**
 * Packs items, in order, into batches that each fill one request, within limits of items, tokens and bytes.
 * A single item over a limit forms its own batch, so that nothing gets stuck.
 */
export class Packer<Item> {
  #limits: BatchLimits;
  #items: Item[] = [];
  #tokens = 0;
  #bytes = 0;

  constructor(limits: BatchLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#items.length;
  }

  /** Adds an item. Returns the batches that this completes: one without room for the item, and one that the item fills. */
  add(item: Item, size: ItemSize): Item[][] {
    const full: Item[][] = [];
    if (this.size > 0 && !this.#fits(size)) full.push(this.take());
    this.#items.push(item);
    this.#tokens += size.tokens;
    this.#bytes += size.bytes;
    if (this.#isFull) full.push(this.take());
    return full;
  }

  /** Returns the current batch and starts a new one. */
  take(): Item[] {
    const items = this.#items;
    this.#items = [];
    this.#tokens = 0;
    this.#bytes = 0;
    return items;
  }

  #fits({ tokens, bytes }: ItemSize): boolean {
    return this.#tokens + tokens <= this.#limits.maxTokens && this.#bytes + bytes <= this.#limits.maxBytes;
  }

  get #isFull(): boolean {
    const { maxItems, maxTokens, maxBytes } = this.#limits;
    return this.size >= maxItems || this.#tokens >= maxTokens || this.#bytes >= maxBytes;
  }
}
