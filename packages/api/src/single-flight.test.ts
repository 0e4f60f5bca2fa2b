import { expect, test, vi } from "vitest";
import { singleFlight } from "./single-flight.ts";

test("concurrent callers share one read", async () => {
  const { promise, resolve } = Promise.withResolvers<string>();
  const read = vi.fn(() => promise);
  const flight = singleFlight(read, 0);
  const answers = Promise.all([flight(), flight(), flight()]);
  resolve("read");
  expect(await answers).toEqual(["read", "read", "read"]);
  expect(read).toHaveBeenCalledTimes(1);
});

test("caches a result while it is fresh, failures included", async () => {
  const read = vi.fn(() => Promise.reject(new Error("away")));
  const flight = singleFlight(read, 60_000);
  await expect(flight()).rejects.toThrow("away");
  await expect(flight()).rejects.toThrow("away");
  expect(read).toHaveBeenCalledTimes(1);
});

test("reads on every call if results are never fresh", async () => {
  let count = 0;
  const flight = singleFlight(async () => ++count, 0);
  expect([await flight(), await flight()]).toEqual([1, 2]);
});
