import { type DestinationStream, type Level, pino } from "pino";
import type { Action, Status } from "./actions.ts";
import { Operations } from "./operations.ts";

const levels: Record<Status, Level> = { ok: "info", retry: "warn", failed: "error" };

/** Ids, counts and durations; never message text, vectors, tokens or keys. */
export type Details = Record<string, unknown>;

/** Writes JSON lines, one per operation: `{ time, service, action, status, durationMs, details }`. */
export class Log {
  readonly service: string;
  /** The outcomes of all operations, whatever the log level. */
  readonly operations = new Operations();
  #pino: ReturnType<typeof createPino>;

  constructor(service: string, options: { level?: string; instance?: string; destination?: DestinationStream } = {}) {
    this.service = service;
    this.#pino = createPino(service, options);
  }

  record(action: Action, status: Status, durationMs?: number, details?: Details): void {
    this.operations.record(action, status, durationMs);
    this.#pino[levels[status]]({
      action,
      status,
      ...(durationMs !== undefined && { durationMs: Math.round(durationMs * 1000) / 1000 }),
      ...(details && { details }),
    });
  }

  /** A client library's own messages; written with `LOG_LEVEL=debug` only. */
  debug(action: Action, details: Details): void {
    this.#pino.debug({ action, status: "ok", details });
  }

  flush(): void {
    this.#pino.flush();
  }
}

function createPino(service: string, options: { level?: string; instance?: string; destination?: DestinationStream }) {
  return pino(
    {
      level: options.level ?? "info",
      base: { service, ...(options.instance && { instance: options.instance }) },
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (level) => ({ level }) },
    },
    // Synchronous: the last lines before an exit matter most and must not be lost.
    options.destination ?? pino.destination({ fd: 1, sync: true }),
  );
}
