export type Alignment = "left" | "right";

/**
 * A Markdown table; the first row is its heading.
 *
 * @param alignments of the columns from the left; the last one also holds for all columns after it
 */
export function markdownTable(
  rows: readonly (readonly (string | number)[])[],
  ...alignments: readonly Alignment[]
): string {
  const [heading = [], ...body] = rows;
  const rule = heading.map((_, column) => ((alignments[column] ?? alignments.at(-1)) === "right" ? "---:" : "---"));
  return [heading, rule, ...body].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/** Replaces the text between `<!-- NAME:begin -->` and `<!-- NAME:end -->`. */
export function withSection(text: string, name: string, content: string): string {
  const [begin, end] = [`<!-- ${name}:begin -->`, `<!-- ${name}:end -->`];
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`the text has no ${begin} and ${end} to write between`);
  return `${text.slice(0, from + begin.length)}\n${content}\n${text.slice(to)}`;
}
