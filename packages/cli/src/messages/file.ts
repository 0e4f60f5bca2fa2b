import { stat } from "node:fs/promises";
import { basename, extname } from "node:path";
import { CommandError } from "../errors.ts";
import { csvMessages } from "./csv.ts";
import { jsonLinesMessages } from "./json-lines.ts";
import { linesOf } from "./lines.ts";
import type { MessageSource, SourceMessage } from "./source.ts";

const QUERIES = 3;
const QUERY_LENGTH_MAX = 200;

/** The messages of a user's file; its extension decides how it is read. */
export async function fileMessages(file: string): Promise<MessageSource> {
  const found = await stat(file).catch(() => undefined);
  if (!found?.isFile()) throw new CommandError(`File ${file} does not exist: name an existing one with --messages.`);
  const read = readerOf(file);
  const queries = await sampleQueries(read());
  return { title: `messages from ${basename(file)}`, queries, read };
}

function readerOf(file: string): () => AsyncGenerator<SourceMessage> {
  switch (extname(file).toLowerCase()) {
    case ".csv":
      return () => csvMessages(file);
    case ".jsonl":
    case ".ndjson":
      return () => jsonLinesMessages(file);
    default:
      return () => textMessages(file);
  }
}

/** Each line is a message, byte for byte. */
async function* textMessages(file: string): AsyncGenerator<SourceMessage> {
  for await (const value of linesOf(file)) yield { value };
}

/** Picks three readable messages, far apart: the first, then one whenever the number of messages has grown tenfold. */
async function sampleQueries(messages: AsyncIterable<SourceMessage>): Promise<string[]> {
  const queries: string[] = [];
  let seen = 0;
  let next = 1;
  for await (const { value } of messages) {
    seen++;
    const text = value?.toString().trim() ?? "";
    if (seen < next || text.length < 10 || text.length > QUERY_LENGTH_MAX || text.includes("\uFFFD")) continue;
    queries.push(text);
    next = seen * 10;
    if (queries.length === QUERIES) break;
  }
  return queries;
}
