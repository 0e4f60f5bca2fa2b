import { randomExponential, randomLogNormal, randomNormal } from "d3-random";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";

/** Random choices that a seed reproduces. */
export interface Random {
  /** From 0 to below 1, uniformly. */
  fraction(): number;
  /** A whole number from 0 to below `bound`, uniformly. */
  below(bound: number): number;
  pick<Item>(items: readonly [Item, ...Item[]]): Item;
  chance(probability: number): boolean;
  /** Normal with mean 0 and a standard deviation of 1. */
  normal(): number;
  /** Exponential with a mean of 1. */
  exponential(): number;
  /** e to the power of a normal variable; its median is 1. */
  logNormal(sigma: number): number;
}

const WARM_UP = 64;

export function createRandom(seed: number): Random {
  const generator = xoroshiro128plus(seed);
  // A small seed is nearly all zeros, and so are the first numbers.
  for (let skipped = 0; skipped < WARM_UP; skipped++) generator.next();
  const fraction = (): number => (generator.next() >>> 0) / 2 ** 32;
  const below = (bound: number): number => Math.floor(fraction() * bound);
  const logNormals = new Map<number, () => number>();
  return {
    fraction,
    below,
    pick: (items) => items[below(items.length)] ?? items[0],
    chance: (probability) => fraction() < probability,
    normal: randomNormal.source(fraction)(),
    exponential: randomExponential.source(fraction)(1),
    logNormal(sigma) {
      const known = logNormals.get(sigma) ?? randomLogNormal.source(fraction)(0, sigma);
      logNormals.set(sigma, known);
      return known();
    },
  };
}
