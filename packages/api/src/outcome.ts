import { type RetryableFault, retryable } from "@millrace/shared";
import { HttpProblem } from "./problem.ts";

/** The result of a call to another service: its value, or the fault. */
export type Outcome<Value> = { value: Value } | { fault: RetryableFault };

/**
 * Runs one operation against another service. Never rejects and never exceeds the time limit, at which it aborts the
 * operation's signal.
 */
export async function attempt<Value>(
  operation: (signal: AbortSignal) => Promise<Value>,
  timeoutMs: number,
): Promise<Outcome<Value>> {
  const { promise: timedOut, resolve } = Promise.withResolvers<Outcome<Value>>();
  const fault = retryable("timeout", `no response within ${timeoutMs} ms`);
  const stop = new AbortController();
  const timer = setTimeout(() => {
    resolve({ fault });
    stop.abort(new Error(fault.cause));
  }, timeoutMs);
  try {
    return await Promise.race([settled(() => operation(stop.signal)), timedOut]);
  } finally {
    clearTimeout(timer);
  }
}

async function settled<Value>(operation: () => Promise<Value>): Promise<Outcome<Value>> {
  try {
    return { value: await operation() };
  } catch (error) {
    return { fault: retryable("unavailable", error) };
  }
}

/** Returns the value, or throws the problem that names the service and the fault. */
export function answerOf<Value>(service: string, outcome: Outcome<Value>): Value {
  if ("value" in outcome) return outcome.value;
  const { code, cause } = outcome.fault;
  throw new HttpProblem(code === "timeout" ? "timeout" : "unavailable", `${service}: ${cause}`);
}
