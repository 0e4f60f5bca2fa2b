import { expect, test, vi } from "vitest";
import { createProbe } from "./probe.ts";

test("a service that answers is ok", async () => {
  expect(await createProbe(async () => "pong")()).toEqual({ status: "ok", checkedInMs: expect.any(Number) });
});

test("the time of the first failure in a row is kept, and forgotten by a success", async () => {
  let away = true;
  const ask = async (): Promise<void> => {
    if (away) throw new Error("connection refused");
  };
  const probe = createProbe(ask, 1_000, 0);
  const first = await probe();
  expect(first).toMatchObject({ status: "failed", cause: "connection refused", since: expect.any(String) });
  expect((await probe()).since).toBe(first.since);
  away = false;
  expect(await probe()).not.toHaveProperty("since");
});

test("a service that hangs fails in time and is not asked a second time meanwhile", async () => {
  const ask = vi.fn(() => new Promise<void>(() => undefined));
  const probe = createProbe(ask, 10, 0);
  expect(await probe()).toMatchObject({ status: "failed", cause: "no response within 10 ms" });
  await probe();
  expect(ask).toHaveBeenCalledTimes(1);
});
