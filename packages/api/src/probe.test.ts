import { expect, test, vi } from "vitest";
import { createProbe } from "./probe.ts";

test("a service that responds is ok", async () => {
  expect(await createProbe(async () => "pong")()).toEqual({ status: "ok", checkedInMs: expect.any(Number) });
});

test("keeps the time of the first consecutive failure and resets it on success", async () => {
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

test("a hanging service fails in time and gets no second request meanwhile", async () => {
  const ask = vi.fn(() => new Promise<void>(() => undefined));
  const probe = createProbe(ask, 10, 0);
  expect(await probe()).toMatchObject({ status: "failed", cause: "no response within 10 ms" });
  await probe();
  expect(ask).toHaveBeenCalledTimes(1);
});
