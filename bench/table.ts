export interface Spread {
  median: number;
  min: number;
  max: number;
}

/** The median of each measure over several rounds, and between what it lay. */
export function spread<Measures extends object>(rounds: readonly Measures[]): Record<string, Spread> {
  const [first] = rounds;
  const names = Object.keys(first ?? {}) as (keyof Measures & string)[];
  return Object.fromEntries(names.map((name) => [name, spreadOf(rounds.map((round) => Number(round[name])))]));
}

function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((left, right) => left - right);
  const [min = 0] = sorted;
  return { median: sorted[Math.floor(sorted.length / 2)] ?? 0, min, max: sorted.at(-1) ?? 0 };
}

/** A Markdown table: a line for each row, a column for each measure. */
export function table(title: string, rows: readonly ({ name: string } & Record<string, Spread | string>)[]): string {
  const measures = Object.keys(rows[0] ?? {}).filter((name) => name !== "name");
  const lines = [
    [title, ...measures],
    [title, ...measures].map(() => "---"),
    ...rows.map((row) => [row.name, ...measures.map((measure) => cell(row[measure]))]),
  ];
  return lines.map((cells) => `| ${cells.join(" | ")} |\n`).join("");
}

function cell(value: Spread | string | undefined): string {
  if (value === undefined || typeof value === "string") return value ?? "";
  const [median, min, max] = [value.median, value.min, value.max].map((number) =>
    Math.round(number).toLocaleString("en"),
  );
  return `${median} (${min}–${max})`;
}
