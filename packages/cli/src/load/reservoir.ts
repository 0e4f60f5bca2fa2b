/** A fair choice of at most `size` of any number of items: each has the same chance (Vitter's algorithm R). */
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
