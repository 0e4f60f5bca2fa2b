import type { Received } from "@millrace/kafka";
import { parseDeadLetter, tryParse, type Undeliverable } from "@millrace/shared";

/** The message of a replay record under its first identity, which its headers carry; undefined where they don't. */
export function originalOf({ key, value, headers }: Received): Undeliverable | undefined {
  const letter = tryParse(() => parseDeadLetter(key, value, headers));
  if (!letter) return undefined;
  const { origin, attempts, cut } = letter;
  return {
    ...origin,
    key: letter.key,
    value: letter.value,
    headers: letter.headers,
    attempts: attempts + 1,
    ...(cut !== undefined && { cut }),
  };
}

/** A copy of what a dead letter needs: the fields of a received record are getters. */
export function undeliverable(record: Undeliverable, attempts: number): Undeliverable {
  const { topic, partition, offset, timestampMs, key, value, headers, cut } = record;
  return {
    ...{ topic, partition, offset, timestampMs, key, value, headers, attempts },
    ...(cut !== undefined && { cut }),
  };
}
