import type { OutgoingRecord, RecordProducer } from "@millrace/kafka";
import type { Log, Undeliverable } from "@millrace/shared";
import {
  type DeadLetter,
  deadLetterRecord,
  type Failure,
  fitDeadLetter,
  type PoisonCode,
  type PoisonFault,
  poisonCodes,
} from "@millrace/shared";
import type { StageTracker } from "./tracking.ts";

/**
 * Gives up messages that can never succeed: each becomes a record of its own, with its reason. Of a message that is too
 * large for the topic it has what fits, and says what is missing.
 */
export interface DeadLetters {
  send(failures: readonly Failure<Undeliverable, PoisonFault>[]): Promise<void>;
  /** Since the process began, by reason; those that never occurred too. */
  readonly counts: Readonly<Record<PoisonCode, number>>;
}

/** @param maxBytes of a record, without the headers that tell why */
export function createDeadLetters(
  stage: string,
  topic: string,
  maxBytes: number,
  edges: { producer: RecordProducer; tracker: StageTracker; log: Log },
): DeadLetters {
  const counts = Object.fromEntries(poisonCodes.map((code) => [code, 0])) as Record<PoisonCode, number>;

  /** A topic that takes less than it should gets letters of half the size. */
  const write = async (letters: readonly DeadLetter[], maxLetterBytes: number): Promise<void> => {
    const written = new Map<OutgoingRecord, DeadLetter>();
    for (const letter of letters) written.set(deadLetterRecord(fitDeadLetter(letter, maxLetterBytes)), letter);
    const { refused } = await edges.producer.send(topic, [...written.keys()]);
    if (refused[0] === undefined) return;
    if (maxLetterBytes < 1) throw new Error(`${topic} takes no dead letter at all: ${refused[0].fault.cause}`);
    const again = refused.flatMap(({ item }) => written.get(item) ?? []);
    await write(again, Math.floor(maxLetterBytes / 2));
  };

  return {
    counts,
    async send(failures) {
      if (failures.length === 0) return;
      const failedAt = new Date().toISOString();
      const letters = failures.map(({ item, fault }) => ({
        origin: item,
        key: item.key,
        value: item.value,
        headers: item.headers,
        fault,
        stage,
        attempts: item.attempts ?? 1,
        failedAt,
        ...(item.cut !== undefined && { cut: item.cut }),
      }));
      await write(letters, maxBytes);
      for (const { fault } of failures) counts[fault.code]++;
      edges.tracker.reached(
        "dead_lettered",
        failures.map(({ item }) => item),
      );
      edges.log.record("message.dead_letter", "failed", undefined, {
        count: failures.length,
        reasons: Object.fromEntries(countBy(failures)),
      });
    },
  };
}

function countBy(failures: readonly Failure<Undeliverable, PoisonFault>[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { fault } of failures) counts.set(fault.code, (counts.get(fault.code) ?? 0) + 1);
  return counts;
}
