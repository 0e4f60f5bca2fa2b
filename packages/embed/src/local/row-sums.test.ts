import fc from "fast-check";
import { expect, test } from "vitest";
import { packRows, sumRows } from "./row-sums.ts";

const columns = 8;

function plainSums(cells: Int8Array, ids: readonly number[]): number[] {
  return Array.from({ length: columns }, (_, column) =>
    ids.reduce((sum, id) => sum + (cells[id * columns + column] ?? 0), 0),
  );
}

test("equals the sum cell by cell", () => {
  const table = fc.array(fc.integer({ min: -128, max: 127 }), { minLength: 3 * columns, maxLength: 3 * columns });
  const ids = fc.array(fc.nat(2), { maxLength: 600, size: "max" });
  fc.assert(
    fc.property(table, ids, (values, rows) => {
      const cells = Int8Array.from(values);
      const sums = new Int32Array(columns).fill(99);
      sumRows(packRows(cells, columns), Int32Array.from(rows), rows.length, sums);
      expect([...sums]).toEqual(plainSums(cells, rows));
    }),
  );
});

test.each([127, -128])(
  "columns don't overflow into each other if every cell is %i, for any number of rows",
  (value) => {
    const rows = packRows(new Int8Array(columns).fill(value), columns);
    const sums = new Int32Array(columns);
    for (const count of [0, 1, 255, 256, 257, 512, 100_000]) {
      sumRows(rows, new Int32Array(count), count, sums);
      expect(sums).toEqual(new Int32Array(columns).fill(value * count));
    }
  },
);

test("reads no id beyond the count", () => {
  const rows = packRows(
    Int8Array.from({ length: columns * 2 }, (_, index) => index),
    columns,
  );
  const sums = new Int32Array(columns);
  sumRows(rows, Int32Array.of(1, 1, 0), 1, sums);
  expect([...sums]).toEqual([8, 9, 10, 11, 12, 13, 14, 15]);
});
