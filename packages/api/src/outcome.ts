import { type RetryableFault, retryable } from "@millrace/shared";
import { HttpProblem } from "./problem.ts";

/** What asking another service comes to: its answer, or why there is none. */
export type Outcome<Value> = { value: Value } | { fault: RetryableFault };

/**
 * Runs one operation against another service. It never rejects and never takes longer than its time limit, when the
 * operation's signal is aborted.
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

/** The answer of a service, or the problem that there is none. */
export function answerOf<Value>(service: string, outcome: Outcome<Value>): Value {
  if ("value" in outcome) return outcome.value;
  const { code, cause } = outcome.fault;
  throw new HttpProblem(code === "timeout" ? "timeout" : "unavailable", `${service}: ${cause}`);
}
