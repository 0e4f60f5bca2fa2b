import type { Random } from "./random.ts";

/**
 * Ranks from 0 to below `count`, rank k in proportion to 1 ⁄ (k + 1)^exponent: a few users do most, and most do little.
 * With an exponent of 1, it is the frequency that Zipf found for words.
 */
export function zipf(random: Random, count: number, exponent = 1): () => number {
  const cumulative = new Float64Array(count);
  let total = 0;
  for (let rank = 0; rank < count; rank++) {
    total += (rank + 1) ** -exponent;
    cumulative[rank] = total;
  }
  return () => {
    const wanted = random.fraction() * total;
    let [low, high] = [0, count - 1];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((cumulative[middle] ?? total) > wanted) high = middle;
      else low = middle + 1;
    }
    return low;
  };
}
