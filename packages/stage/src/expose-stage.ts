import type { Consumption } from "@millrace/kafka";
import type { Metrics, Operations } from "@millrace/shared";
import type { DeadLetters } from "./dead-letters.ts";
import type { Work } from "./work.ts";

/** The metrics that all stages have. */
export function exposeStage(
  metrics: Metrics,
  { operations, consumption, deadLetters }: StageState,
  slowAfterMs: number,
): void {
  metrics.exposeOne("millrace_in_flight_records", () => consumption.inFlight);
  metrics.exposeOne("millrace_in_flight_bytes", () => consumption.inFlightBytes);
  metrics.exposeOne("millrace_commit_failures_total", () => consumption.commitFailures);
  metrics.expose("millrace_dead_letters_total", () =>
    Object.entries(deadLetters.counts).map(([code, count]) => [{ code }, count]),
  );
  metrics.expose("millrace_retries_total", () =>
    [...operations.retries()].map(({ count, ...labels }) => [labels, count]),
  );
  metrics.expose("millrace_operation_recent_seconds", () =>
    [...operations.recent()].map(({ recentMs, ...labels }) => [labels, recentMs / 1_000]),
  );
  metrics.exposeOne("millrace_operation_slow_seconds", () => slowAfterMs / 1_000);
}

interface StageState {
  operations: Operations;
  consumption: Consumption;
  deadLetters: DeadLetters;
}

export function exposeWork(metrics: Metrics, work: Work): void {
  metrics.exposeOne("millrace_messages_total", () => work.messages);
  metrics.exposeOne("millrace_batches_total", () => work.batches);
  metrics.exposeOne("millrace_bytes_total", () => work.bytes);
}
