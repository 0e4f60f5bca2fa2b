/**
 * Faults are values with a kind, because a class does not survive the boundary of a worker thread.
 *
 * - `poison` is proven by the message itself: the message can never succeed, so it alone is dead-lettered.
 * - `retryable` is everything else: it may heal, so it is retried without limit.
 *
 * Anything thrown that is neither is a bug: the process logs it and exits.
 */
export type Fault = RetryableFault | PoisonFault;

export interface RetryableFault {
  kind: "retryable";
  code: "rate_limited" | "timeout" | "unavailable" | "misconfigured";
  /** The delay that the server requested. */
  retryAfterMs?: number;
  cause: string;
}

export interface PoisonFault {
  kind: "poison";
  code: PoisonCode;
  cause: string;
}

/** `lethal`: the message crashed its process repeatedly. */
export const poisonCodes = ["undecodable", "invalid", "too_long", "rejected", "lethal"] as const;
export type PoisonCode = (typeof poisonCodes)[number];

export interface Failure<Item, Kind extends Fault = Fault> {
  item: Item;
  fault: Kind;
}

/** The outcome of an operation on many items: every item is in exactly one half. */
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

/** An error's message followed by those of its causes, on one line of bounded length. */
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

/** Node reports a refused connection as an AggregateError with an empty message. */
function messageOf(error: Error): string {
  if (error.message !== "") return error.message;
  if (error instanceof AggregateError) return error.errors.map((each) => describeCause(each)).join(", ");
  return error.name;
}
