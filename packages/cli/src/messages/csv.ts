import { createReadStream } from "node:fs";
import { pipeline } from "node:stream";
import { CsvError, parse } from "csv-parse";
import { CommandError } from "../errors.ts";
import type { SourceMessage } from "./source.ts";

const COLUMN = "text";

/**
 * Each row is a message: the bytes of its column `text`, or an empty message if the row is too short. The first row
 * names the columns.
 */
export async function* csvMessages(file: string): AsyncGenerator<SourceMessage> {
  let column: number | undefined;
  for await (const row of rowsOf(file)) {
    if (column === undefined) column = columnOf(row, file);
    else yield { value: row[column] ?? Buffer.alloc(0) };
  }
  if (column === undefined) throw missingColumn(file);
}

async function* rowsOf(file: string): AsyncGenerator<Buffer[]> {
  // Without an encoding the fields stay bytes, so that invalid UTF-8 is not silently replaced.
  const parser = parse({ encoding: null, bom: true, relax_column_count: true });
  pipeline(createReadStream(file), parser, () => "an error of either comes out of the loop below");
  try {
    yield* parser as AsyncIterable<Buffer[]>;
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw new CommandError(
      `${file} is not valid CSV (${reasonOf(error)}): fix it, or rename it to have it read as text lines.`,
    );
  }
}

/** Removes the parser's trailing dump of the value as byte numbers; the line number comes before it. */
function reasonOf({ message }: CsvError): string {
  return message.replace(/, value is .*$/s, "");
}

function columnOf(header: readonly Buffer[], file: string): number {
  const column = header.findIndex((name) => name.toString().trim() === COLUMN);
  if (column === -1) throw missingColumn(file);
  return column;
}

function missingColumn(file: string): CommandError {
  return new CommandError(
    `${file} has no column "${COLUMN}": name the column of the messages "${COLUMN}" in the first row.`,
  );
}
