import type { Kafka } from "kafkajs";
import { RecordError } from "../records/bytes.ts";
import { type DeadLetter, parseDeadLetter } from "../records/dead-letter.ts";
import { messageId } from "../records/message.ts";
import { offsetRanges, type ReadRecord, readRanges } from "./read.ts";

export interface DeadLetterSelection {
  /** Of the source topic. */
  topic?: string;
  code?: string;
  ids?: readonly string[];
}

/** Thrown where the values that a selection asks for are more than the caller can hold. */
export class SelectionTooLarge extends Error {
  override name = "SelectionTooLarge";
}

/**
 * Hands over the dead letters that a selection asks for, the last one of each message.
 *
 * @param maxBytes of their values together
 */
export async function readDeadLetters(
  { kafka, config }: { kafka: Kafka; config: { DEAD_LETTERS_TOPIC: string } },
  selection: DeadLetterSelection,
  maxBytes = Number.POSITIVE_INFINITY,
): Promise<DeadLetter[]> {
  const topic = config.DEAD_LETTERS_TOPIC;
  const ids = selection.ids && new Set(selection.ids);
  const letters = new Map<string, DeadLetter>();
  let bytes = 0;
  await readRanges(kafka, topic, await offsetRanges(kafka, topic), (record) => {
    const letter = parse(record);
    if (letter === undefined) return;
    const id = messageId(letter.origin);
    if (selection.topic !== undefined && letter.origin.topic !== selection.topic) return;
    if (selection.code !== undefined && letter.fault.code !== selection.code) return;
    if (ids && !ids.has(id)) return;
    bytes += sizeOf(letter) - sizeOf(letters.get(id));
    if (bytes > maxBytes) throw new SelectionTooLarge(`the messages have more than ${maxBytes} bytes together`);
    letters.set(id, letter);
  });
  return [...letters.values()].sort((a, b) => a.failedAt.localeCompare(b.failedAt));
}

function sizeOf(letter: DeadLetter | undefined): number {
  return letter?.value?.length ?? 0;
}

function parse({ key, value, headers }: ReadRecord): DeadLetter | undefined {
  try {
    return parseDeadLetter(key, value, headers);
  } catch (error) {
    if (error instanceof RecordError) return undefined;
    throw error;
  }
}
