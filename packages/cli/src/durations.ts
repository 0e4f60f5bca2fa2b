import { InvalidArgumentError } from "commander";

const unitsMs: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** Milliseconds of `50ms`, `1.5s`, `15m` or `2h`; parses a command's option. */
export function parseDuration(text: string): number {
  const [, amount, unit = ""] = /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h)$/.exec(text) ?? [];
  const unitMs = unitsMs[unit];
  if (unitMs === undefined) throw new InvalidArgumentError("Not a duration such as 50ms, 1.5s, 15m or 2h.");
  return Number(amount) * unitMs;
}

/** Milliseconds since 1970 of an ISO 8601 time, or of a duration ago. */
export function parseMoment(text: string): number {
  if (/^\d[\d.]*(ms|s|m|h)$/.test(text)) return Date.now() - parseDuration(text);
  const timeMs = Date.parse(text);
  if (Number.isNaN(timeMs))
    throw new InvalidArgumentError("Not a time such as 2026-01-31T12:00:00Z, or 15m for 15 minutes ago.");
  return timeMs;
}
