import type { Patience } from "@millrace/shared";
import { Health, Log } from "@millrace/shared";

/** For clients that live for one check: they log nothing, change no process's health, and are never waited for. */
export function quietly(): Patience {
  const log = new Log("doctor", { level: "silent" });
  return { log, health: new Health(), backoff: { initialMs: 0, maxMs: 0 }, hardStop: AbortSignal.abort() };
}
