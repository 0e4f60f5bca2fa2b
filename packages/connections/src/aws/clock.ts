/**
 * Signature Version 4 takes a time of signing that is at most five minutes from the server's. A clock that is further off makes
 * every signature wrong, and what servers then say ("Signature expired", or just 403) leads people to look at keys and
 * policies. So a clock that is off by nearly that much is named.
 */
const TOLERATED_MS = 240_000;

/**
 * How far this machine's clock is ahead of a server's (negative: behind), by the `Date` header of an answer that has just come.
 * That has whole seconds, and is as old as the answer's way was long. `undefined` where there is no such date.
 */
export function clockSkewMs(dateHeader: string | undefined, nowMs: number = Date.now()): number | undefined {
  const serverMs = Date.parse(dateHeader ?? "");
  return Number.isNaN(serverMs) ? undefined : nowMs - serverMs;
}

/** The same by what AWS says of a signature: `Signature expired: … is now earlier than … (20260131T120500Z - 5 min.)`. */
export function clockSkewOfMessageMs(message: string, nowMs: number = Date.now()): number | undefined {
  const [, day, time] =
    /Signature (?:expired|not yet current): .*\((\d{8})T(\d{6})Z [+-] \d+ min\.\)/.exec(message) ?? [];
  if (day === undefined || time === undefined) return undefined;
  const date = day.replace(/(....)(..)(..)/, "$1-$2-$3");
  return clockSkewMs(`${date}T${time.replace(/(..)(..)(..)/, "$1:$2:$3")}Z`, nowMs);
}

/** What to say of a clock that no signature can be right with; `undefined` of one that is near enough. */
export function describeClockSkew(skewMs: number | undefined): string | undefined {
  if (skewMs === undefined || Math.abs(skewMs) <= TOLERATED_MS) return undefined;
  const seconds = Math.round(Math.abs(skewMs) / 1_000);
  return `this machine's clock is ${seconds} s ${skewMs > 0 ? "ahead of" : "behind"} the server's, and AWS takes no signature that is further than 300 s from its own time: synchronise it (NTP, chrony)`;
}
