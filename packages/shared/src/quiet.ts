import { Health } from "./health.ts";
import { Log } from "./log.ts";
import type { Patience } from "./settle.ts";

/** For clients that live for one check: they log nothing, change no process's health, and are never waited for. */
export function quietly(): Patience {
  const log = new Log("doctor", { level: "silent" });
  return { log, health: new Health(), backoff: { initialMs: 0, maxMs: 0 }, hardStop: AbortSignal.abort() };
}
