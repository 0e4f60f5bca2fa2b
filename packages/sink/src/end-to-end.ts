import type { Origin } from "@millrace/shared";

/** Half a grid step is 1 % of the value. */
const STEPS_PER_VALUE = 50;

/**
 * The ages of a batch's messages, from Kafka's record timestamp until now, as counts by milliseconds: counts of several
 * batches can be added, quantiles can't. Ages up to 100 ms are exact; longer ones are rounded to within 1 %, to keep the
 * log line of a backlog's batch short.
 */
export function endToEndCounts(
  messages: readonly Pick<Origin, "timestampMs">[],
  nowMs = Date.now(),
): Record<number, number> {
  const counts: Record<number, number> = {};
  for (const { timestampMs } of messages) {
    // Clocks differ, so a timestamp may be in the future.
    const ageMs = Math.max(0, nowMs - timestampMs);
    const stepMs = 2 ** Math.max(0, Math.floor(Math.log2(ageMs / STEPS_PER_VALUE)));
    const roundedMs = Math.round(ageMs / stepMs) * stepMs;
    counts[roundedMs] = (counts[roundedMs] ?? 0) + 1;
  }
  return counts;
}
