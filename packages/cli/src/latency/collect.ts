import { actions, Distribution, type DistributionSummary } from "@millrace/shared";
import { type OperationLine, readLine } from "./operation-line.ts";
import { Timeline } from "./timeline.ts";

/** In the order of the stages; other processes come after them. */
const stagesInOrder = ["api", "ingest", "embed", "sink"];
const actionsInOrder = Object.keys(actions);
/** More than there are processes and operations: anything beyond is not from our logs. */
const OPERATIONS_MAX = 256;
export const END_TO_END = "publish → stored";

export interface TimeRange {
  sinceMs: number;
  untilMs: number;
}

/** Latencies cover successful operations; `errors` and `retries` are counted separately. */
export interface OperationReport extends DistributionSummary {
  stage: string;
  operation: string;
  /** Rate of successful operations; `null` if the log spans no time. */
  ratePerS: number | null;
  errors: number;
  retries: number;
  messages: number;
}

export interface LatencyReport {
  from: string | null;
  until: string | null;
  /** `outside`: operations before `--since` or after `--until`. `other`: intact, but not an operation of a process. */
  lines: { operations: number; outside: number; other: number; damaged: number };
  /** From Kafka's record timestamp until both stores have the message; `null` without a log of the sink. */
  endToEnd: (DistributionSummary & { ratePerS: number | null }) | null;
  operations: OperationReport[];
}

export interface Tally {
  stage: string;
  action: string;
  ok: number;
  errors: number;
  retries: number;
  messages: number;
  latency: Distribution;
}

/** Takes the lines of any number of logs in any order, and keeps what a report needs in bounded memory. */
export class LatencyCollector {
  readonly timeline = new Timeline();
  readonly endToEnd = new Distribution();
  readonly #tallies = new Map<string, Tally>();
  readonly #lines = { operations: 0, outside: 0, other: 0, damaged: 0 };
  #firstMs = Number.POSITIVE_INFINITY;
  #lastMs = Number.NEGATIVE_INFINITY;
  #range: TimeRange;

  constructor(range: Partial<TimeRange> = {}) {
    this.#range = { sinceMs: Number.NEGATIVE_INFINITY, untilMs: Number.POSITIVE_INFINITY, ...range };
  }

  /** @param text a line of a log, with any prefix; empty lines do not count */
  add(text: string): void {
    if (text.trim() === "") return;
    const line = readLine(text);
    if (line === "other" || line === "damaged") this.#lines[line]++;
    else if (line.atMs < this.#range.sinceMs || line.atMs > this.#range.untilMs) this.#lines.outside++;
    else this.#record(line);
  }

  /** The operations that have a latency, an error or a retry, in the order of the stages. */
  get tallies(): Tally[] {
    const rank = ({ stage, action }: Tally): number => {
      const at = stagesInOrder.indexOf(stage);
      return (at < 0 ? stagesInOrder.length : at) * actionsInOrder.length + actionsInOrder.indexOf(action);
    };
    return [...this.#tallies.values()]
      .filter(({ latency, errors, retries }) => latency.count + errors + retries > 0)
      .sort((one, other) => rank(one) - rank(other));
  }

  get report(): LatencyReport {
    const isEmpty = this.#lines.operations === 0;
    const seconds = isEmpty ? 0 : (this.#lastMs - this.#firstMs) / 1_000;
    const rateOf = (count: number) => (seconds > 0 ? Math.round((count / seconds) * 1_000) / 1_000 : null);
    return {
      from: isEmpty ? null : new Date(this.#firstMs).toISOString(),
      until: isEmpty ? null : new Date(this.#lastMs).toISOString(),
      lines: { ...this.#lines },
      endToEnd: this.endToEnd.count === 0 ? null : { ...this.endToEnd.summary, ratePerS: rateOf(this.endToEnd.count) },
      operations: this.tallies.map(({ stage, action, ok, errors, retries, messages, latency }) => ({
        stage,
        operation: action,
        ...latency.summary,
        count: ok,
        ratePerS: rateOf(ok),
        errors,
        retries,
        messages,
      })),
    };
  }

  #record(line: OperationLine): void {
    const tally = this.#tallyOf(line);
    if (!tally) {
      this.#lines.other++;
      return;
    }
    this.#lines.operations++;
    this.#firstMs = Math.min(this.#firstMs, line.atMs);
    this.#lastMs = Math.max(this.#lastMs, line.atMs);
    if (line.status === "failed") tally.errors++;
    else if (line.status === "retry") tally.retries++;
    else this.#recordSuccess(line, tally);
  }

  #recordSuccess({ atMs, action, durationMs, messages, endToEnd }: OperationLine, tally: Tally): void {
    tally.ok++;
    // The running time of a process is not a latency.
    if (durationMs === undefined || action.startsWith("process.")) return;
    tally.messages += messages;
    tally.latency.record(durationMs);
    const cell = this.timeline.cell(atMs, action);
    cell.latency.record(durationMs);
    cell.messages += messages;
    for (const [ms, count] of endToEnd) {
      this.endToEnd.record(ms, count);
      this.timeline.cell(atMs, END_TO_END).latency.record(ms, count);
    }
  }

  #tallyOf({ stage, action }: OperationLine): Tally | undefined {
    const key = `${stage} ${action}`;
    const known = this.#tallies.get(key);
    if (known || this.#tallies.size >= OPERATIONS_MAX) return known;
    const tally = { stage, action, ok: 0, errors: 0, retries: 0, messages: 0, latency: new Distribution() };
    this.#tallies.set(key, tally);
    return tally;
  }
}
