import fc from "fast-check";
import { expect, test } from "vitest";
import { type BatchLimits, type ItemSize, Packer } from "./packer.ts";

const size: fc.Arbitrary<ItemSize> = fc.record({ tokens: fc.nat(120), bytes: fc.nat(400) });
const limits: fc.Arbitrary<BatchLimits> = fc.record({
  maxItems: fc.integer({ min: 1, max: 10 }),
  maxTokens: fc.integer({ min: 1, max: 300 }),
  maxBytes: fc.integer({ min: 1, max: 1_000 }),
});
/** Adds an item, or takes the current batch, as the linger does. */
const steps = fc.array(fc.oneof({ weight: 8, arbitrary: size }, fc.constant("take" as const)), { maxLength: 60 });

interface Item extends ItemSize {
  number: number;
}

function fits(items: readonly ItemSize[], { maxItems, maxTokens, maxBytes }: BatchLimits): boolean {
  const tokens = items.reduce((sum, item) => sum + item.tokens, 0);
  const bytes = items.reduce((sum, item) => sum + item.bytes, 0);
  return items.length <= maxItems && tokens <= maxTokens && bytes <= maxBytes;
}

/** Runs the steps; returns the batches closed because they were full, and those taken. */
function pack(packing: readonly (ItemSize | "take")[], most: BatchLimits) {
  const packer = new Packer<Item>(most);
  const items: Item[] = [];
  const batches: { items: Item[]; taken: boolean }[] = [];
  for (const step of packing) {
    if (step === "take") {
      batches.push({ items: packer.take(), taken: true });
      continue;
    }
    const item = { ...step, number: items.length };
    items.push(item);
    for (const full of packer.add(item, step)) batches.push({ items: full, taken: false });
  }
  batches.push({ items: packer.take(), taken: true });
  expect(packer.size).toBe(0);
  return { items, batches };
}

test("nothing is lost, repeated or reordered", () => {
  fc.assert(
    fc.property(steps, limits, (packing, most) => {
      const { items, batches } = pack(packing, most);
      expect(batches.flatMap((batch) => batch.items)).toEqual(items);
    }),
  );
});

test("every batch is within all limits, unless it is a single item", () => {
  fc.assert(
    fc.property(steps, limits, (packing, most) => {
      for (const { items } of pack(packing, most).batches) expect(items.length <= 1 || fits(items, most)).toBe(true);
    }),
  );
});

test("no batch is closed early: it is full, or the next item would exceed a limit", () => {
  fc.assert(
    fc.property(steps, limits, (packing, most) => {
      const { items, batches } = pack(packing, most);
      for (const batch of batches) {
        if (batch.taken) continue;
        const next = items[(batch.items.at(-1)?.number ?? 0) + 1];
        const smallest = { tokens: 1, bytes: 1 };
        const wasFull = !fits([...batch.items, smallest], most) || batch.items.length === most.maxItems;
        expect(wasFull || (next !== undefined && !fits([...batch.items, next], most))).toBe(true);
        expect(batch.items.length).toBeGreaterThan(0);
      }
    }),
  );
});

test("a batch is returned as soon as an item fills it, without waiting for the next item", () => {
  const packer = new Packer<string>({ maxItems: 2, maxTokens: 100, maxBytes: 100 });
  expect(packer.add("a", { tokens: 1, bytes: 1 })).toEqual([]);
  expect(packer.add("b", { tokens: 1, bytes: 1 })).toEqual([["a", "b"]]);
  expect(packer.add("c", { tokens: 100, bytes: 1 })).toEqual([["c"]]);
  expect(packer.add("d", { tokens: 60, bytes: 1 })).toEqual([]);
  expect(packer.add("e", { tokens: 200, bytes: 200 })).toEqual([["d"], ["e"]]);
  expect(packer.size).toBe(0);
});
