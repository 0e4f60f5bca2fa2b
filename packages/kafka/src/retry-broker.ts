import { backoffDelayMs, delay } from "@millrace/shared";
import { isTransient } from "./protocol-error.ts";

/** The delays between the attempts add up to 3 s at most: longer than a leader election, shorter than a caller's timeout. */
const ATTEMPTS_MAX = 5;
const BACKOFF = { initialMs: 100, maxMs: 2_000 };

export interface RetryBrokerOptions {
  /** Whether another attempt may succeed; by default, whether Kafka calls the error retriable. */
  mayHeal?: (error: unknown) => boolean;
  /** Ends the retries. */
  signal?: AbortSignal | undefined;
}

/** Repeats a request to a broker, with exponential backoff and jitter; rejects with the error of the last attempt. */
export async function retryBroker<Value>(
  request: () => Promise<Value>,
  { mayHeal = isTransient, signal }: RetryBrokerOptions = {},
): Promise<Value> {
  for (let attempt = 1; ; attempt++) {
    signal?.throwIfAborted();
    try {
      return await request();
    } catch (error) {
      signal?.throwIfAborted();
      if (attempt === ATTEMPTS_MAX || !mayHeal(error)) throw error;
      await delay(backoffDelayMs(attempt, BACKOFF), signal);
    }
  }
}
