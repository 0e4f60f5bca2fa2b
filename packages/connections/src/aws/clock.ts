/**
 * Signature Version 4 accepts a signing time within five minutes of the server's. A clock that is further off makes every
 * signature invalid, and the servers' errors ("Signature expired", or only 403) suggest a wrong key or policy. So the error
 * names a clock that is off by nearly that much.
 */
const TOLERATED_MS = 240_000;

/**
 * How far this machine's clock is ahead of a server's (negative: behind), by the `Date` header of a response that has just
 * arrived. The header has whole seconds, and is as old as the response's travel time. `undefined` without a valid date.
 */
export function clockSkewMs(dateHeader: string | undefined, nowMs: number = Date.now()): number | undefined {
  const serverMs = Date.parse(dateHeader ?? "");
  return Number.isNaN(serverMs) ? undefined : nowMs - serverMs;
}

/** The same by AWS's error about a signature: `Signature expired: … is now earlier than … (20260131T120500Z - 5 min.)`. */
export function clockSkewOfMessageMs(message: string, nowMs: number = Date.now()): number | undefined {
  const [, day, time] =
    /Signature (?:expired|not yet current): .*\((\d{8})T(\d{6})Z [+-] \d+ min\.\)/.exec(message) ?? [];
  if (day === undefined || time === undefined) return undefined;
  const date = day.replace(/(....)(..)(..)/, "$1-$2-$3");
  return clockSkewMs(`${date}T${time.replace(/(..)(..)(..)/, "$1:$2:$3")}Z`, nowMs);
}

/** Describes a clock that makes every signature invalid; `undefined` for one that is close enough. */
export function describeClockSkew(skewMs: number | undefined): string | undefined {
  if (skewMs === undefined || Math.abs(skewMs) <= TOLERATED_MS) return undefined;
  const seconds = Math.round(Math.abs(skewMs) / 1_000);
  return `this machine's clock is ${seconds} s ${skewMs > 0 ? "ahead of" : "behind"} the server's, and AWS accepts no signature that is more than 300 s off: synchronise it (NTP, chrony)`;
}
