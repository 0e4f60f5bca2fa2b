import { type DeadLetter, messageId, parseDeadLetter, tryParse } from "@millrace/shared";
import { readRanges } from "./read.ts";
import type { TopicReader } from "./topic-reader.ts";

export interface DeadLetterSelection {
  /** Of the source topic. */
  topic?: string;
  code?: string;
  ids?: readonly string[];
}

/** The selected dead letters have more bytes than the caller can hold. */
export class SelectionTooLarge extends Error {
  override name = "SelectionTooLarge";
}

export interface ReadDeadLettersOptions {
  /** Limit of the total size of their values. */
  maxBytes?: number;
  signal?: AbortSignal;
}

/**
 * Returns the selected dead letters, the last one of each message. Reads the topic from its first record to its last; a
 * topic that does not exist has none.
 *
 * @throws {ReadFailed} if the topic can't be read to its end
 * @throws {SelectionTooLarge}
 */
export async function readDeadLetters(
  reader: TopicReader,
  topic: string,
  selection: DeadLetterSelection,
  { maxBytes = Number.POSITIVE_INFINITY, signal }: ReadDeadLettersOptions = {},
): Promise<DeadLetter[]> {
  const ids = selection.ids && new Set(selection.ids);
  const letters = new Map<string, DeadLetter>();
  let bytes = 0;
  for await (const record of readRanges(reader, topic, (await reader.ranges(topic)) ?? [], signal)) {
    const letter = tryParse(() => parseDeadLetter(record.key, record.value, record.headers));
    if (letter === undefined) continue;
    const id = messageId(letter.origin);
    if (selection.topic !== undefined && letter.origin.topic !== selection.topic) continue;
    if (selection.code !== undefined && letter.fault.code !== selection.code) continue;
    if (ids && !ids.has(id)) continue;
    bytes += sizeOf(letter) - sizeOf(letters.get(id));
    if (bytes > maxBytes) throw new SelectionTooLarge(`the messages have more than ${maxBytes} bytes together`);
    letters.set(id, letter);
  }
  return [...letters.values()].sort((a, b) => a.failedAt.localeCompare(b.failedAt));
}

function sizeOf(letter: DeadLetter | undefined): number {
  return letter?.value?.length ?? 0;
}
