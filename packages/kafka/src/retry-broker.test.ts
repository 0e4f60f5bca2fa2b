import { expect, test } from "vitest";
import { protocolError } from "./protocol-error.ts";
import { retryBroker } from "./retry-broker.ts";

const moving = Object.assign(new Error("no leader"), { type: "LEADER_NOT_AVAILABLE", retriable: true });
const denied = Object.assign(new Error("denied"), { type: "TOPIC_AUTHORIZATION_FAILED", retriable: false });

/** Fails with each error in turn, then succeeds; counts the attempts. */
function failing(...errors: Error[]) {
  const request = async () => {
    request.attempts++;
    const error = errors.shift();
    if (error) throw error;
    return "answer";
  };
  request.attempts = 0;
  return request;
}

test("retries while the leader moves, also if kafkajs wrapped the error", async () => {
  const exceeded = new Error("retries exceeded", { cause: moving });
  const request = failing(moving, exceeded);
  expect(await retryBroker(request)).toBe("answer");
  expect(request.attempts).toBe(3);
});

test("rejects at once when another attempt can't help: the broker denies it, or no broker answered", async () => {
  for (const error of [denied, new Error("connect ECONNREFUSED")]) {
    const request = failing(error);
    await expect(retryBroker(request)).rejects.toBe(error);
    expect(request.attempts).toBe(1);
  }
});

test("rejects with the last error after five attempts", async () => {
  const request = failing(moving, moving, moving, moving, moving);
  await expect(retryBroker(request)).rejects.toBe(moving);
  expect(request.attempts).toBe(5);
});

test("the caller decides which errors may heal", async () => {
  const request = failing(denied);
  expect(await retryBroker(request, { mayHeal: () => true })).toBe("answer");
});

test("an aborted signal ends the retries, between attempts and during one", async () => {
  const stop = new AbortController();
  const request = failing(moving, moving);
  const retrying = retryBroker(
    async () => {
      if (request.attempts === 1) stop.abort(new Error("enough"));
      return request();
    },
    { signal: stop.signal },
  );
  await expect(retrying).rejects.toThrow("enough");
  expect(request.attempts).toBe(2);
});

test("names the broker's error, whether it came alone, wrapped, or with those of other topics", () => {
  expect(protocolError(denied)).toBe("TOPIC_AUTHORIZATION_FAILED");
  expect(protocolError(new Error("retries exceeded", { cause: denied }))).toBe("TOPIC_AUTHORIZATION_FAILED");
  expect(protocolError(new AggregateError([denied, moving]))).toBe("TOPIC_AUTHORIZATION_FAILED");
  expect(protocolError(new Error("connect ECONNREFUSED"))).toBeUndefined();
  expect(protocolError(undefined)).toBeUndefined();
});
