import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { withSection } from "./markdown.ts";
import { provenanceOf } from "./provenance.ts";
import { formatReport, type ReportHeader } from "./report-file.ts";

const repository = resolve(import.meta.dirname, "../../../..");

export interface Measurement {
  title: string;
  /** The npm script that measures. */
  script: string;
  /** The code that is measured; a later commit to it makes the figures old. */
  paths: readonly string[];
}

export interface ReportDefinition extends Measurement {
  /** Names the file docs/reports/NAME.md, and the section `report:NAME` of the page. */
  name: string;
  /** The document that quotes the summary, such as docs/reliability.md. */
  page: string;
}

export interface Findings {
  /** Markdown, quoted in the page. */
  summary: string;
  /** Markdown, in the report alone. */
  body: string;
}

/** What identifies a measurement that begins now. */
export function headerOf({ title, script, paths }: Measurement, root = repository): ReportHeader {
  return { title, command: commandLine(script), ...provenanceOf(root, paths), paths: [...paths] };
}

/** Begins a report when the measurement begins: the commit and its changes are those of this moment. */
export function beginReport({ name, page, ...measurement }: ReportDefinition, root = repository) {
  const header = headerOf(measurement, root);
  return {
    /** Writes the report and quotes its summary; returns the path of the report. */
    async write({ summary, body }: Findings): Promise<string> {
      const file = `docs/reports/${name}.md`;
      await mkdir(join(root, "docs/reports"), { recursive: true });
      await writeFile(join(root, file), formatReport(header, `${summary}\n\n${body}`));
      const { date, commit, dirty, machine } = header;
      const origin = `Measured on ${date} at \`${commit}\`${dirty ? ", with uncommitted changes," : ""} on ${machine}`;
      const quote = `${summary}\n\n${origin}: [the full report](reports/${name}.md).`;
      const pageFile = join(root, page);
      await writeFile(pageFile, withSection(await readFile(pageFile, "utf8"), `report:${name}`, quote));
      return file;
    },
  };
}

function commandLine(script: string): string {
  const given = process.argv.slice(2);
  return `npm run ${script}${given.length > 0 ? ` -- ${given.join(" ")}` : ""}`;
}
