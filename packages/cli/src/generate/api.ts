import { randomUUID } from "node:crypto";
import { backoffDelayMs, delay, describeCause } from "@millrace/shared";
import { z } from "zod";
import { type HttpAnswer, HttpClient } from "../load/http-client.ts";
import type { Sent, Target } from "./target.ts";

const REQUEST_TIMEOUT_MS = 30_000;
const ATTEMPTS_MAX = 8;
const BACKOFF = { initialMs: 200, maxMs: 5_000 };

/** The only part of the response that counts: the events that the api did not accept. */
const answerSchema = z.object({ errors: z.array(z.unknown()).default([]) });

export interface ApiTargetOptions {
  url: URL;
  topic: string;
  /** A bearer token with the scope events:write. */
  token?: string;
}

/**
 * Publishes through `POST /api/v1/events/{topic}` and retries an unanswered request under the same idempotency key.
 */
export function apiTarget({ url, topic, token }: ApiTargetOptions, stop: AbortSignal): Target {
  const client = new HttpClient(url, REQUEST_TIMEOUT_MS);
  const run = randomUUID();
  const path = `/api/v1/events/${encodeURIComponent(topic)}`;
  let requests = 0;

  async function post(body: string): Promise<HttpAnswer | string> {
    const headers = { "idempotency-key": `${run}-${requests++}`, ...(token && { authorization: `Bearer ${token}` }) };
    let cause = "";
    for (let attempt = 0; attempt < ATTEMPTS_MAX && !stop.aborted; attempt++) {
      if (attempt > 0) await delay(backoffDelayMs(attempt, BACKOFF), stop).catch(() => undefined);
      try {
        const answer = await client.request(path, body, headers);
        if (answer.status !== 429 && answer.status < 500) return answer;
        cause = `the api answered ${answer.status}`;
      } catch (error) {
        cause = describeCause(error);
      }
    }
    return cause;
  }

  return {
    async send(batch) {
      const answer = await post(JSON.stringify(batch.map(({ event }) => event)));
      return typeof answer === "string"
        ? { accepted: 0, refused: 0, failed: batch.length, cause: answer }
        : countOf(answer, batch.length);
    },
    async [Symbol.asyncDispose]() {
      client[Symbol.dispose]();
    },
  };
}

function countOf({ status, body }: HttpAnswer, count: number): Sent {
  if (status >= 300)
    return { accepted: 0, refused: count, failed: 0, cause: `the api answered ${status}: ${body.slice(0, 300)}` };
  const answer = answerSchema.safeParse(JSON.parse(body));
  const refused = answer.success ? answer.data.errors.length : 0;
  return { accepted: count - refused, refused, failed: 0 };
}
