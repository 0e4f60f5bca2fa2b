import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { type OperationLine, readLine } from "../packages/cli/src/latency/operation-line.ts";

const LOOK_INTERVAL_MS = 50;
const LOOKS_MAX = 100;

/**
 * The seconds from the first request to a store to the last answer, by the logs of the processes: the clock of the ceiling.
 * A row can be seen before its line is written, so this waits until the logs have all messages.
 */
export async function storeSeconds(logs: readonly string[], messages: number): Promise<number> {
  for (let look = 0; look < LOOKS_MAX; look++) {
    const texts = await Promise.all(logs.map((log) => readFile(log, "utf8")));
    const { inserted, seconds } = storeClock(texts);
    if (inserted >= messages) return seconds;
    await sleep(LOOK_INTERVAL_MS);
  }
  throw new Error(`the logs do not show that ${messages} messages were stored`);
}

/** @param logs whole logs, as JSON lines */
export function storeClock(logs: readonly string[]): { inserted: number; seconds: number } {
  let [inserted, firstMs, lastMs] = [0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const { atMs, action, status, durationMs = 0, messages } of logs.flatMap(requestsIn)) {
    firstMs = Math.min(firstMs, atMs - durationMs);
    if (status !== "ok") continue;
    lastMs = Math.max(lastMs, atMs);
    if (action === "sink.insert") inserted += messages;
  }
  return { inserted, seconds: (lastMs - firstMs) / 1_000 };
}

/** A line is written when its request has been answered. */
function requestsIn(log: string): OperationLine[] {
  return log.split("\n").flatMap((text) => {
    const line = readLine(text);
    const isRequest = typeof line === "object" && (line.action === "sink.bulk_write" || line.action === "sink.insert");
    return isRequest ? [line] : [];
  });
}
