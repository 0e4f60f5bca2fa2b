import Table from "cli-table3";

export type Alignment = "left" | "right";

const NO_BORDERS = {
  ...{ top: "", "top-mid": "", "top-left": "", "top-right": "", mid: "", "mid-mid": "", "left-mid": "", left: "" },
  ...{ bottom: "", "bottom-mid": "", "bottom-left": "", "bottom-right": "", "right-mid": "", right: "", middle: "  " },
};

/**
 * The lines of a table without borders, with two spaces between columns: readable on a terminal and in a pipe. Colour
 * codes in cells take no room.
 *
 * @param alignments of the columns from the left; the last one applies to all further columns
 */
export function textTable(rows: readonly (readonly string[])[], ...alignments: [Alignment, ...Alignment[]]): string[] {
  const columns = Math.max(0, ...rows.map(({ length }) => length));
  const table = new Table({
    chars: NO_BORDERS,
    style: { head: [], border: [], "padding-left": 0, "padding-right": 0 },
    colAligns: Array.from({ length: columns }, (_, column) => alignments[column] ?? alignments.at(-1) ?? "left"),
  });
  table.push(...rows.map((row) => [...row]));
  return rows.length === 0
    ? []
    : table
        .toString()
        .split("\n")
        .map((line) => line.trimEnd());
}
