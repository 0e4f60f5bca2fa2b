/**
 * Faults are values with a kind, because a class does not survive a worker thread's boundary.
 *
 * - `poison` is proven by the message itself: it can never succeed, so it is dead-lettered, alone.
 * - `retryable` is everything else: it may heal, so it waits, for however long.
 *
 * Anything thrown that is neither is a bug: the process logs it and exits.
 */
export type Fault = RetryableFault | PoisonFault;

export interface RetryableFault {
  kind: "retryable";
  code: "rate_limited" | "timeout" | "unavailable" | "misconfigured";
  /** How long the other side asked to be left alone. */
  retryAfterMs?: number;
  cause: string;
}

export interface PoisonFault {
  kind: "poison";
  code: PoisonCode;
  cause: string;
}

/** `lethal`: processes died again and again while they worked on it. */
export const poisonCodes = ["undecodable", "invalid", "too_long", "rejected", "lethal"] as const;
export type PoisonCode = (typeof poisonCodes)[number];

export interface Failure<Item, Kind extends Fault = Fault> {
  item: Item;
  fault: Kind;
}

/** The outcome of an operation over many items: every item leaves in exactly one half. */
export interface Split<Done, Input = Done> {
  done: Done[];
  failed: Failure<Input>[];
}

export function poison(code: PoisonCode, cause: string): PoisonFault {
  return { kind: "poison", code, cause };
}

export function retryable(code: RetryableFault["code"], cause: unknown, retryAfterMs?: number): RetryableFault {
  return { kind: "retryable", code, cause: describeCause(cause), ...(retryAfterMs !== undefined && { retryAfterMs }) };
}

/** The message of an error with the messages of its causes, bounded, on one line. */
export function describeCause(cause: unknown): string {
  const parts: string[] = [];
  let current: unknown = cause;
  for (let depth = 0; depth < 4 && current !== undefined && current !== null; depth++) {
    const text = current instanceof Error ? messageOf(current) : String(current);
    if (text !== "" && !parts.includes(text)) parts.push(text);
    current = current instanceof Error ? current.cause : undefined;
  }
  return parts.join(": ").replaceAll(/\s+/g, " ").slice(0, 500);
}

/** A refused connection reaches Node as an AggregateError without a message of its own. */
function messageOf(error: Error): string {
  if (error.message !== "") return error.message;
  if (error instanceof AggregateError) return error.errors.map((each) => describeCause(each)).join(", ");
  return error.name;
}
