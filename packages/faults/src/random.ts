import { uniformInt } from "pure-rand/distribution/uniformInt";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";

/** Random choices, reproducible by seed. */
export interface Random {
  /** Both bounds are inclusive. */
  integer(from: number, to: number): number;
  pick<Item>(items: readonly [Item, ...Item[]]): Item;
}

export function createRandom(seed: number): Random {
  const generator = xoroshiro128plus(seed);
  const integer = (from: number, to: number): number => uniformInt(generator, from, to);
  return {
    integer,
    pick: (items) => items[integer(0, items.length - 1)] ?? items[0],
  };
}
