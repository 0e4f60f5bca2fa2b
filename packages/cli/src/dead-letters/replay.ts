import { type DeadLetter, deadLetterHeaders, type OutgoingRecord } from "@millrace/shared";

/** A record of the replay topic: the original message, and headers that give it its first identity. */
export function replayRecord(letter: DeadLetter): OutgoingRecord {
  return { key: letter.key, value: letter.value, headers: deadLetterHeaders(letter) };
}
