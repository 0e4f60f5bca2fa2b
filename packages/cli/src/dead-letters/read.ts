import {
  type Clients,
  type DeadLetter,
  messageId,
  offsetRanges,
  parseDeadLetter,
  type ReadRecord,
  RecordError,
  readRanges,
} from "@millrace/shared";

export interface Selection {
  /** Of the source topic. */
  topic?: string;
  code?: string;
  ids?: readonly string[];
}

/** Hands over the dead letters that a selection asks for, the last one of each message. */
export async function readDeadLetters(clients: Clients, selection: Selection): Promise<DeadLetter[]> {
  const topic = clients.config.DEAD_LETTERS_TOPIC;
  const ids = selection.ids && new Set(selection.ids);
  const letters = new Map<string, DeadLetter>();
  await readRanges(clients.kafka, topic, await offsetRanges(clients.kafka, topic), (record) => {
    const letter = parse(record);
    if (letter === undefined) return;
    const id = messageId(letter.origin);
    if (selection.topic !== undefined && letter.origin.topic !== selection.topic) return;
    if (selection.code !== undefined && letter.fault.code !== selection.code) return;
    if (ids && !ids.has(id)) return;
    letters.set(id, letter);
  });
  return [...letters.values()].sort((a, b) => a.failedAt.localeCompare(b.failedAt));
}

function parse({ key, value, headers }: ReadRecord): DeadLetter | undefined {
  try {
    return parseDeadLetter(key, value, headers);
  } catch (error) {
    if (error instanceof RecordError) return undefined;
    throw error;
  }
}
