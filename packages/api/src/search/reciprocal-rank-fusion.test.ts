import fc from "fast-check";
import { expect, test } from "vitest";
import { fuseRankings } from "./reciprocal-rank-fusion.ts";

test("adds 1 / (60 + rank) over the rankings", () => {
  const fused = fuseRankings([
    ["a", "b"],
    ["b", "c"],
  ]);
  expect(fused).toEqual([
    { id: "b", score: 1 / 62 + 1 / 61 },
    { id: "a", score: 1 / 61 },
    { id: "c", score: 1 / 62 },
  ]);
});

test("being second twice beats being first once", () => {
  const [best] = fuseRankings([
    ["a", "x"],
    ["b", "x"],
  ]);
  expect(best?.id).toBe("x");
});

const ranking = fc.uniqueArray(fc.constantFrom(..."abcdefghijkl"), { maxLength: 12 });
const rankings = fc.array(ranking, { maxLength: 4 });

test("every id appears once, best first, for any rankings", () => {
  fc.assert(
    fc.property(rankings, (given) => {
      const fused = fuseRankings(given);
      expect(new Set(fused.map(({ id }) => id))).toEqual(new Set(given.flat()));
      expect(fused).toHaveLength(new Set(given.flat()).size);
      for (const [index, { score }] of fused.entries()) expect(score).toBeLessThanOrEqual(fused[index - 1]?.score ?? 1);
    }),
  );
});

test("a single ranking keeps its order, also when given twice", () => {
  fc.assert(
    fc.property(ranking, (given) => {
      expect(fuseRankings([given]).map(({ id }) => id)).toEqual(given);
      expect(fuseRankings([given, given]).map(({ id }) => id)).toEqual(given);
    }),
  );
});

test("an id that is ahead of another in every ranking stays ahead", () => {
  fc.assert(
    fc.property(rankings, (given) => {
      const order = fuseRankings(given).map(({ id }) => id);
      for (const one of order) {
        for (const other of order) {
          const dominates = given.every((each) => each.includes(one) && each.indexOf(one) < rankOf(each, other));
          if (one !== other && dominates) expect(order.indexOf(one)).toBeLessThan(order.indexOf(other));
        }
      }
    }),
  );
});

function rankOf(each: readonly string[], id: string): number {
  const index = each.indexOf(id);
  return index < 0 ? Number.POSITIVE_INFINITY : index;
}
