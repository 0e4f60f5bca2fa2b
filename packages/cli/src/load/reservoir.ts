/** A fair sample of at most `size` items of any number: each item has the same chance (Vitter's algorithm R). */
export class Reservoir<Item> {
  readonly items: Item[] = [];
  #size: number;
  #seen = 0;

  constructor(size: number) {
    this.#size = size;
  }

  offer(item: Item): void {
    this.#seen++;
    if (this.items.length < this.#size) {
      this.items.push(item);
      return;
    }
    const at = Math.floor(Math.random() * this.#seen);
    if (at < this.#size) this.items[at] = item;
  }
}
