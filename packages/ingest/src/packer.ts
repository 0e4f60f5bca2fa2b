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
 * Packs items, in their order, into batches that fill one request: at most so many items, tokens and bytes.
 * A single item over a limit is a batch of its own, so that nothing is ever stuck.
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

  /** Adds an item; hands over the batch that it no longer fitted into, or that it filled. */
  add(item: Item, size: ItemSize): Item[][] {
    const full: Item[][] = [];
    if (this.size > 0 && !this.#fits(size)) full.push(this.take());
    this.#items.push(item);
    this.#tokens += size.tokens;
    this.#bytes += size.bytes;
    if (this.#isFull) full.push(this.take());
    return full;
  }

  /** Hands over what there is, and begins anew. */
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
