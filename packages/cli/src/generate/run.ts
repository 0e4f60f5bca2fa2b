import { setTimeout as sleep } from "node:timers/promises";
import type { Generated } from "@millrace/generators";
import type { Sent, Target, Total } from "./target.ts";

/** As many as the api accepts in one request. */
const BATCH_MAX = 1_000;
/** Events that are due within this time are sent together. */
const TICK_MS = 20;

export interface GenerateRunOptions {
  target: Target;
  /** Maximum number of events; may be infinite. */
  count: number;
  /** When the first event is due, by its own clock; if absent, each is sent as soon as possible. */
  pacedFromMs?: number;
  stop: AbortSignal;
  /** Called before each batch. */
  onSend(): void;
  /** Called after each batch with what was sent so far, and up to which moment. */
  onProgress(sent: Sent, atMs: number): void;
}

/** Sends events to a target in batches, each event when it is due; a slower target delays events and skips none. */
export async function run(events: Iterable<Generated>, options: GenerateRunOptions): Promise<Total> {
  const { target, count, pacedFromMs, stop, onSend, onProgress } = options;
  const total: Total = { accepted: 0, refused: 0, failed: 0, invalid: 0 };
  const startedAtMs = performance.now();
  let batch: Generated[] = [];
  let taken = 0;

  async function flush(): Promise<void> {
    const last = batch.at(-1);
    if (!last) return;
    onSend();
    const sent = await target.send(batch);
    for (const { kind } of batch) if (kind === "invalid") total.invalid++;
    batch = [];
    total.accepted += sent.accepted;
    total.refused += sent.refused;
    total.failed += sent.failed;
    if (sent.cause !== undefined) total.cause = sent.cause;
    onProgress(total, last.atMs);
  }

  for (const generated of events) {
    if (stop.aborted || taken === count) break;
    if (pacedFromMs !== undefined) {
      const waitMs = generated.atMs - pacedFromMs - (performance.now() - startedAtMs);
      if (waitMs > 0) {
        await flush();
        await sleep(Math.max(waitMs, TICK_MS), undefined, { signal: stop }).catch(() => undefined);
        if (stop.aborted) break;
      }
    }
    batch.push(generated);
    taken++;
    if (batch.length === BATCH_MAX) await flush();
  }
  if (!stop.aborted) await flush();
  return total;
}
