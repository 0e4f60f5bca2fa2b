import type { Origin } from "@millrace/shared";

/** Half of a step of the grid is 1 % of the value. */
const STEPS_PER_VALUE = 50;

/**
 * How long the messages of a batch took from Kafka's record timestamp until now, as counts by milliseconds: quantiles of
 * batches can't be added up, counts can. Ages up to 100 ms are exact; longer ones are rounded to within 1 %, so that
 * the line of a batch from a backlog stays short.
 */
export function endToEndCounts(
  messages: readonly Pick<Origin, "timestampMs">[],
  nowMs = Date.now(),
): Record<number, number> {
  const counts: Record<number, number> = {};
  for (const { timestampMs } of messages) {
    // Clocks differ: a message may come from a later time.
    const ageMs = Math.max(0, nowMs - timestampMs);
    const stepMs = 2 ** Math.max(0, Math.floor(Math.log2(ageMs / STEPS_PER_VALUE)));
    const roundedMs = Math.round(ageMs / stepMs) * stepMs;
    counts[roundedMs] = (counts[roundedMs] ?? 0) + 1;
  }
  return counts;
}
