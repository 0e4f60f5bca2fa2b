import { type Action, actions, parseJson } from "@millrace/shared";
import { z } from "zod";

/** An operation that a process logged. */
export interface OperationLine {
  atMs: number;
  /** The process: ingest, embed, sink or api. */
  stage: string;
  action: Action;
  status: "ok" | "retry" | "failed";
  durationMs: number | undefined;
  /** Number of messages in the operation; 0 if the line does not say. */
  messages: number;
  /** How many messages took how long from publish to stored. */
  endToEnd: readonly (readonly [ms: number, count: number])[];
}

/** `other`: intact but not an operation, or plain text. `damaged`: truncated, garbled, or of another form. */
export type ReadLine = OperationLine | "other" | "damaged";

const count = z.int().nonnegative();

const lineSchema = z.object({
  time: z.string(),
  service: z.string().regex(/^[a-z][a-z0-9-]{0,62}$/),
  status: z.enum(["ok", "retry", "failed"]),
  durationMs: z.number().nonnegative().optional(),
  details: z
    .object({
      messages: count.optional(),
      items: count.optional(),
      count: count.optional(),
      endToEndMs: z.record(z.string().regex(/^\d{1,15}$/), count.positive()).optional(),
    })
    .optional(),
});

/**
 * Reads a line of a log with any prefix before its JSON: `kubectl logs --prefix` writes `[pod/…/container] `, `docker
 * compose logs` writes `service-1
 *
 * `, both optionally with times and colours.
 */
export function readLine(text: string): ReadLine {
  const start = text.indexOf('{"');
  if (start < 0) return "other";
  const json = parseJson(start === 0 ? text : text.slice(start));
  if (json === undefined) return "damaged";
  const { action } = json as { action?: unknown };
  if (!isAction(action)) return "other";
  const { success, data } = lineSchema.safeParse(json);
  const atMs = success ? Date.parse(data.time) : Number.NaN;
  if (!success || Number.isNaN(atMs)) return "damaged";
  const { service, status, durationMs, details } = data;
  return {
    atMs,
    stage: service,
    action,
    status,
    durationMs,
    messages: details?.messages ?? details?.items ?? details?.count ?? 0,
    endToEnd: Object.entries(details?.endToEndMs ?? {}).map(([ms, messages]) => [Number(ms), messages]),
  };
}

function isAction(action: unknown): action is Action {
  return typeof action === "string" && Object.hasOwn(actions, action);
}
