import fc from "fast-check";
import { expect, test } from "vitest";
import { cutBySize, recordSize } from "./record-size.ts";

const bytes = (maxLength: number) => fc.nat(maxLength).map((length) => Buffer.alloc(length));
const record = fc.record({
  key: fc.option(bytes(300)),
  value: fc.option(bytes(2_000)),
  headers: fc.array(fc.tuple(fc.string({ maxLength: 50 }), fc.option(bytes(100))), { maxLength: 5 }),
});
const records = fc.array(record, { maxLength: 60 });
const limit = fc.integer({ min: 1, max: 5_000 });
const sizeOf = (piece: readonly Parameters<typeof recordSize>[0][]): number =>
  piece.reduce((sum, each) => sum + recordSize(each), 0);

test("nothing is lost, repeated or reordered, and no piece is empty", () => {
  fc.assert(
    fc.property(records, limit, (given, maxBytes) => {
      const pieces = cutBySize(given, maxBytes);
      expect(pieces.flat()).toEqual(given);
      expect(pieces.every((piece) => piece.length > 0)).toBe(true);
    }),
  );
});

test("every piece is within the limit, unless it is a single record, and no two neighbours would fit into one", () => {
  fc.assert(
    fc.property(records, limit, (given, maxBytes) => {
      const pieces = cutBySize(given, maxBytes);
      for (const [index, piece] of pieces.entries()) {
        expect(piece.length === 1 || sizeOf(piece) <= maxBytes).toBe(true);
        const next = pieces[index + 1]?.[0];
        expect(next === undefined || sizeOf([...piece, next]) > maxBytes).toBe(true);
      }
    }),
  );
});
