import { expect, test, vi } from "vitest";
import { singleFlight } from "./single-flight.ts";

test("all who ask while a reading is under way share it", async () => {
  const { promise, resolve } = Promise.withResolvers<string>();
  const read = vi.fn(() => promise);
  const flight = singleFlight(read, 0);
  const answers = Promise.all([flight(), flight(), flight()]);
  resolve("read");
  expect(await answers).toEqual(["read", "read", "read"]);
  expect(read).toHaveBeenCalledTimes(1);
});

test("an answer serves while it is fresh, a failure too", async () => {
  const read = vi.fn(() => Promise.reject(new Error("away")));
  const flight = singleFlight(read, 60_000);
  await expect(flight()).rejects.toThrow("away");
  await expect(flight()).rejects.toThrow("away");
  expect(read).toHaveBeenCalledTimes(1);
});

test("without a time of freshness each asks anew", async () => {
  let count = 0;
  const flight = singleFlight(async () => ++count, 0);
  expect([await flight(), await flight()]).toEqual([1, 2]);
});
