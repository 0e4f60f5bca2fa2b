import { type Failure, type PoisonCode, type PoisonFault, poisonCodes } from "./fault.ts";
import type { RecordProducer } from "./kafka/produce.ts";
import type { Log } from "./log.ts";
import { deadLetterHeaders } from "./records/dead-letter.ts";
import type { Headers, Origin } from "./records/message.ts";
import type { StageTracker } from "./tracking.ts";

/** What can be dead-lettered: a message of a batch, or a record as it was received. */
export interface Undeliverable extends Origin {
  key: Buffer | null;
  value: Buffer | null;
  headers: Headers;
  /** How often work on it began, where that was counted. */
  attempts?: number;
}

/** Gives up messages that can never succeed: each becomes a record of its own, with its reason. */
export interface DeadLetters {
  send(failures: readonly Failure<Undeliverable, PoisonFault>[]): Promise<void>;
  /** Since the process began, by reason; those that never occurred too. */
  readonly counts: Readonly<Record<PoisonCode, number>>;
}

export function createDeadLetters(
  stage: string,
  topic: string,
  edges: { producer: RecordProducer; tracker: StageTracker; log: Log },
): DeadLetters {
  const counts = Object.fromEntries(poisonCodes.map((code) => [code, 0])) as Record<PoisonCode, number>;
  return {
    counts,
    async send(failures) {
      if (failures.length === 0) return;
      const failedAt = new Date().toISOString();
      await edges.producer.send(
        topic,
        failures.map(({ item, fault }) => ({
          key: item.key,
          value: item.value,
          headers: deadLetterHeaders({
            origin: item,
            key: item.key,
            value: item.value,
            headers: item.headers,
            fault,
            stage,
            attempts: item.attempts ?? 1,
            failedAt,
          }),
        })),
      );
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
