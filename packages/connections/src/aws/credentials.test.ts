import { expect, test } from "vitest";
import { type AwsCredentials, unexpired } from "./credentials.ts";

const NOW_MS = Date.UTC(2026, 0, 1);
const keyUntil = (expiresAtMs: number): AwsCredentials => ({
  accessKeyId: "key",
  secretAccessKey: "secret",
  sessionToken: "session",
  expiration: new Date(expiresAtMs),
});

test("an expired key is fetched again, a valid one is not", async () => {
  const asked: boolean[] = [];
  const kept = keyUntil(NOW_MS + 60_000);
  const provide = async (forceRefresh: boolean) => {
    asked.push(forceRefresh);
    return forceRefresh ? keyUntil(NOW_MS + 3_600_000) : kept;
  };
  expect(await unexpired(provide, () => NOW_MS)()).toBe(kept);
  expect(asked).toEqual([false]);
  expect(await unexpired(provide, () => NOW_MS + 60_000)()).toEqual(keyUntil(NOW_MS + 3_600_000));
  expect(asked).toEqual([false, false, true]);
});

test("with only an expired key nothing is signed, and the error names its end and no secret", async () => {
  const refused = unexpired(
    async () => keyUntil(NOW_MS),
    () => NOW_MS,
  )();
  await expect(refused).rejects.toThrow("expired at 2026-01-01T00:00:00.000Z");
  await expect(refused).rejects.not.toThrow("secret");
});

test("a key without an end is always valid", async () => {
  const lasting = { accessKeyId: "key", secretAccessKey: "secret" };
  expect(await unexpired(async () => lasting)()).toBe(lasting);
});
