import fc from "fast-check";
import { expect, test } from "vitest";
import { mskIamToken } from "./msk.ts";

const key = { accessKeyId: "ASIAEXAMPLE", secretAccessKey: "an-example", sessionToken: "session" };

async function lifetimeS(remainingMs?: number): Promise<string | null> {
  const expiration = remainingMs === undefined ? {} : { expiration: new Date(Date.now() + remainingMs) };
  const token = await mskIamToken("eu-west-1", async () => ({ ...key, ...expiration }));
  return new URL(Buffer.from(token, "base64url").toString()).searchParams.get("X-Amz-Expires");
}

test("a token is valid for 15 minutes, in whole seconds, and never longer than the key that signed it", async () => {
  expect(await lifetimeS()).toBe("900");
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 2_000, max: 3_600_000 }), async (remainingMs) => {
      const lifetime = await lifetimeS(remainingMs);
      expect(lifetime).toMatch(/^\d+$/);
      expect(Number(lifetime)).toBeLessThanOrEqual(Math.min(900, remainingMs / 1_000));
      // Signing takes a moment of what remains.
      expect(Number(lifetime)).toBeGreaterThan(Math.min(900, remainingMs / 1_000) - 2);
    }),
  );
});
