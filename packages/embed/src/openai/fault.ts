import { type RetryableFault, retryable } from "@millrace/shared";
import OpenAI from "openai";

/** A request that the server refused for what it contains: too large, or with an input that it does not take. */
export interface Refusal {
  refused: string;
}

/**
 * Tells why a request failed. Only a refusal of the content can be the messages' fault; everything else may heal:
 * a wrong key is corrected, a quota is raised, an outage ends.
 */
export function classify(error: unknown, apiKey: string): RetryableFault | Refusal {
  if (isTimeout(error)) return retryable("timeout", error);
  if (!(error instanceof OpenAI.APIError) || error.status === undefined) return retryable("unavailable", error);
  // Some servers repeat the key that they refuse.
  const said = `HTTP ${error.status}: ${error.message}`.replaceAll(apiKey, "[OPENAI_API_KEY]");
  switch (error.status) {
    case 400:
    case 413:
    case 422:
      return { refused: said };
    case 429:
      return retryable("rate_limited", said, retryAfterMs(error.headers));
    case 401:
    case 403:
    case 404:
      return retryable("misconfigured", `${said}: check OPENAI_API_KEY, OPENAI_BASE_URL and OPENAI_EMBEDDING_MODEL`);
    default:
      return retryable("unavailable", said, retryAfterMs(error.headers));
  }
}

/** The client's own, or the signal's: while it waits for the headers, or for the body. */
function isTimeout(error: unknown): boolean {
  if (error instanceof OpenAI.APIConnectionTimeoutError || error instanceof OpenAI.APIUserAbortError) return true;
  return error instanceof Error && error.name === "TimeoutError";
}

/** `retry-after-ms`, or `retry-after` in seconds or as a date (RFC 9110, 10.2.3); bounded by a minute. */
function retryAfterMs(headers: Headers | undefined): number {
  const milliseconds = Number(headers?.get("retry-after-ms") ?? Number.NaN);
  if (milliseconds >= 0) return Math.min(milliseconds, 60_000);
  const after = headers?.get("retry-after");
  if (!after) return 0;
  const seconds = Number(after);
  const ms = Number.isNaN(seconds) ? Date.parse(after) - Date.now() : seconds * 1000;
  return ms > 0 ? Math.min(ms, 60_000) : 0;
}
