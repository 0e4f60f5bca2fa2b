import { isUtf8 } from "node:buffer";
import { CommandError } from "../errors.ts";
import { fileMessages } from "../messages/file.ts";
import { API_MESSAGE_MAX_BYTES } from "../messages/source.ts";
import type { Texts } from "./built-in-texts.ts";

/** A file is held in memory so that reading it delays no request; what exceeds this is not sent. */
const TEXTS_MAX = 100_000;
const TEXTS_MAX_BYTES = 67_108_864;

/** Repeats the messages of a file and skips those that POST /publish can't carry. */
export async function fileTexts(file: string): Promise<Texts> {
  const texts: string[] = [];
  let bytes = 0;
  for await (const { value } of (await fileMessages(file)).read()) {
    if (value === null || value.length === 0 || value.length > API_MESSAGE_MAX_BYTES || !isUtf8(value)) continue;
    if (texts.length === TEXTS_MAX || bytes + value.length > TEXTS_MAX_BYTES) break;
    texts.push(value.toString());
    bytes += value.length;
  }
  if (texts.length === 0)
    throw new CommandError(`${file} contains no text to publish: name another file with --messages.`);
  return (index) => texts[index % texts.length] ?? "";
}
