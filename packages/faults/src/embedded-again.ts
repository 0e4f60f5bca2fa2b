import { textHash } from "@millrace/testbed";

/** How often a text was embedded more often than it was published: the publisher sends a text twice when its first answer is lost. */
export function countRepeats(texts: readonly string[], paid: ReadonlyMap<string, number>): number {
  const published = new Map<string, number>();
  for (const hash of texts.map(textHash)) published.set(hash, (published.get(hash) ?? 0) + 1);
  let repeats = 0;
  for (const [hash, times] of published) repeats += Math.max(0, (paid.get(hash) ?? 0) - times);
  return repeats;
}
