import { parse, stringify } from "yaml";
import { z } from "zod";

export const headerSchema = z.object({
  title: z.string(),
  /** Repeats the measurement. */
  command: z.string(),
  commit: z.string(),
  dirty: z.boolean().default(false),
  date: z.iso.date(),
  machine: z.string(),
  /** The code that the report is about, relative to the root of the repository. */
  paths: z.array(z.string()).min(1),
});
/** The front matter of a report: what was measured, when, where and how. */
export type ReportHeader = z.output<typeof headerSchema>;

const FENCE = "---\n";

export function formatReport(header: ReportHeader, body: string): string {
  const { dirty, ...always } = header;
  const fields = stringify({ ...always, ...(dirty && { dirty }) }, { lineWidth: 0 });
  return `${FENCE}${fields}${FENCE}\n# ${header.title}\n\n${body.trim()}\n`;
}

/** Throws for a text without the front matter of a report. */
export function readHeader(text: string): ReportHeader {
  const end = text.indexOf(`\n${FENCE}`, FENCE.length);
  if (!text.startsWith(FENCE) || end < 0) throw new Error("the report has no front matter");
  return headerSchema.parse(parse(text.slice(FENCE.length, end)));
}
