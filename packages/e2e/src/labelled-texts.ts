import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream";
import { parse } from "csv-parse";
import { z } from "zod";

const rowSchema = z.object({ text: z.string().min(1), category: z.string().min(1) });
export type LabelledText = z.output<typeof rowSchema>;

/** Reads a CSV file with the columns `text` and `category`. */
export async function readLabelledTexts(file: string): Promise<LabelledText[]> {
  const parser = parse({ columns: true, bom: true });
  pipeline(createReadStream(file), parser, () => "an error of either comes out of the loop below");
  const texts: LabelledText[] = [];
  for await (const row of parser) texts.push(rowSchema.parse(row));
  return texts;
}

/**
 * Holds out some items, the same for a seed on every machine: each item is drawn by the hash of the seed and its
 * position.
 */
export function holdOut<Item>(items: readonly Item[], count: number, seed: number): { heldOut: Item[]; rest: Item[] } {
  const drawn = items
    .map((item, index) => ({ item, rank: createHash("sha256").update(`${seed}:${index}`).digest("hex") }))
    .sort((one, other) => (one.rank < other.rank ? -1 : 1))
    .map(({ item }) => item);
  return { heldOut: drawn.slice(0, count), rest: drawn.slice(count) };
}
