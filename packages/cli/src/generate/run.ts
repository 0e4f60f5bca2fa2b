import { setTimeout as sleep } from "node:timers/promises";
import type { Generated } from "@millrace/generators";
import type { Sent, Target, Total } from "./target.ts";

/** As many as the api takes in one request. */
const BATCH_MAX = 1_000;
/** What is due within it is sent together. */
const TICK_MS = 20;

export interface GenerateRunOptions {
  target: Target;
  /** Most events; may be infinite. */
  count: number;
  /** When the first one is due, by its own clock; absent: each is sent as soon as can be. */
  pacedFromMs?: number;
  stop: AbortSignal;
  /** Told before each batch. */
  onSend(): void;
  /** Told after each batch: what was sent so far, and the moment up to which. */
  onProgress(sent: Sent, atMs: number): void;
}

/** Sends events to a target, in batches, each when it is due; a target that is slower delays them, and skips none. */
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
