/** Some of the items, in order: taken together, or a single one that was refused. */
export type Part<Item, Taken, Refusal> = { items: readonly Item[] } & ({ taken: Taken } | { refusal: Refusal });

/**
 * Attempts all items together. Where they are refused, attempts each half in turn, until a refused item stands alone.
 * Parts come in the order of the items; a caller that stops iterating stops the attempts.
 */
export async function* bisect<Item, Taken, Refusal>(
  items: readonly Item[],
  attempt: (items: readonly Item[]) => Promise<{ taken: Taken } | { refusal: Refusal }>,
): AsyncGenerator<Part<Item, Taken, Refusal>, void, void> {
  const outcome = await attempt(items);
  if ("taken" in outcome || items.length <= 1) {
    yield { items, ...outcome };
    return;
  }
  for (const half of halvesOf(items)) yield* bisect(half, attempt);
}

/** Two halves of a list, the first one larger where the length is odd. */
export function halvesOf<Item>(items: readonly Item[]): [Item[], Item[]] {
  const middle = Math.ceil(items.length / 2);
  return [items.slice(0, middle), items.slice(middle)];
}
