import { stripVTControlCharacters } from "node:util";

/**
 * Columns that stand below each other.
 *
 * @param names how many columns have names, which stand to the left; the figures after them stand to the right
 */
export function align(rows: readonly (readonly string[])[], names = 2): string[] {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => widthOf(row[column] ?? "")))) ?? [];
  return rows.map((row) =>
    row
      .map((cell, column) => {
        const padding = " ".repeat((widths[column] ?? 0) - widthOf(cell));
        return column < names ? cell + padding : padding + cell;
      })
      .join("  ")
      .trimEnd(),
  );
}

/** Colours take no room. */
function widthOf(text: string): number {
  return stripVTControlCharacters(text).length;
}
