import fc from "fast-check";
import { expect, test } from "vitest";
import { clockSkewMs, clockSkewOfMessageMs, describeClockSkew } from "./clock.ts";

const NOW_MS = Date.UTC(2026, 0, 31, 12, 0, 0);
const amzDate = (ms: number) => new Date(ms).toISOString().replace(/[-:]|\.\d+/g, "");

test("the skew is read from a Date header, to the second", () => {
  fc.assert(
    fc.property(fc.integer({ min: -86_400, max: 86_400 }), (seconds) => {
      const header = new Date(NOW_MS - seconds * 1_000).toUTCString();
      expect(clockSkewMs(header, NOW_MS)).toBe(seconds * 1_000);
    }),
  );
});

test.each([undefined, "", "soon"])("a header of %o has no skew", (header) => {
  expect(clockSkewMs(header, NOW_MS)).toBeUndefined();
});

test("the skew is read from AWS's error about a signature, in both directions", () => {
  fc.assert(
    fc.property(fc.integer({ min: 301, max: 86_400 }), (seconds) => {
      const behind = NOW_MS + seconds * 1_000;
      const expired = `Signature expired: ${amzDate(NOW_MS)} is now earlier than ${amzDate(behind - 300_000)} (${amzDate(behind)} - 5 min.)`;
      expect(clockSkewOfMessageMs(expired, NOW_MS)).toBe(-seconds * 1_000);
      const ahead = NOW_MS - seconds * 1_000;
      const early = `Signature not yet current: ${amzDate(NOW_MS)} is still later than ${amzDate(ahead + 300_000)} (${amzDate(ahead)} + 5 min.)`;
      expect(clockSkewOfMessageMs(early, NOW_MS)).toBe(seconds * 1_000);
    }),
  );
  expect(clockSkewOfMessageMs("The security token included in the request is expired", NOW_MS)).toBeUndefined();
});

test("only a clock that is off by more than four minutes is named, in seconds, with the remedy", () => {
  expect(describeClockSkew(undefined)).toBeUndefined();
  expect(describeClockSkew(240_000)).toBeUndefined();
  expect(describeClockSkew(-240_000)).toBeUndefined();
  expect(describeClockSkew(1_200_400)).toMatch(/clock is 1200 s ahead of the server's.*synchronise it/);
  expect(describeClockSkew(-301_000)).toMatch(/clock is 301 s behind the server's/);
});
