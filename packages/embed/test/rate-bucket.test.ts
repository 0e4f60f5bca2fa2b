import { randomUUID } from "node:crypto";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { accountKey, createRateBucket, type Reservation } from "../src/redis/rate-bucket.ts";
import { openTestRedis } from "./support.ts";

const redis = await openTestRedis();
afterAll(() => redis.quit());

/** The real script with a simulated clock. */
function bucketAt(startMs = 1_000_000) {
  let nowMs = startMs;
  const key = accountKey(randomUUID(), "http://server/v1", "m");
  return {
    bucket: createRateBucket(redis, key, () => nowMs),
    key,
    pass: (ms: number) => {
      nowMs += ms;
    },
  };
}

const full = (requests: number, tokens: number) => ({
  requests: { limit: requests, remaining: requests },
  tokens: { limit: tokens, remaining: tokens },
});

function settled({ need }: Reservation, more = {}) {
  return { taken: need, allowances: {}, waitedMs: 0, retryAfterMs: 0, ...more };
}

test("reservations of any size and order never exceed the server's bucket", async () => {
  const step = fc.record({ tokens: fc.integer({ min: 1, max: 30_000 }), passMs: fc.nat(4_000) });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), async (steps) => {
      const { bucket, pass } = bucketAt();
      const server = { tokens: 60_000, requests: 100, atMs: 0 };
      let nowMs = 0;
      const due: { atMs: number; tokens: number }[] = [];
      for (const { tokens, passMs } of steps) {
        pass(passMs);
        nowMs += passMs;
        const reservation = await bucket.reserve({ requests: 1, tokens }, full(100, 60_000), false);
        due.push({ atMs: nowMs + reservation.waitMs, tokens });
      }
      // First come, first served.
      expect(due.map(({ atMs }) => atMs)).toEqual(due.map(({ atMs }) => atMs).toSorted((a, b) => a - b));
      for (const { atMs, tokens } of due) {
        server.tokens = Math.min(60_000, server.tokens + (atMs - server.atMs)) - tokens;
        server.requests = Math.min(100, server.requests + ((atMs - server.atMs) * 100) / 60_000) - 1;
        server.atMs = atMs;
        expect(Math.min(server.tokens, server.requests)).toBeGreaterThan(-0.1);
      }
    }),
    { numRuns: 40 },
  );
});

test("a backlog uses the whole refill except the reserve", async () => {
  const { bucket, pass } = bucketAt();
  let tokens = 0;
  for (let elapsedMs = 0; elapsedMs < 10 * 60_000; ) {
    const reservation = await bucket.reserve({ requests: 1, tokens: 7_000 }, full(3_000, 1_000_000), false);
    if (elapsedMs > 60_000) tokens += 7_000;
    pass(reservation.waitMs);
    elapsedMs += reservation.waitMs;
    await bucket.settle(reservation, settled(reservation, { waitedMs: reservation.waitMs }));
  }
  expect(tokens / 9).toBeGreaterThan(990_000);
  expect(tokens / 9).toBeLessThan(1_010_000);
});

test("unused reservations are returned to waiting requests", async () => {
  const { bucket } = bucketAt();
  const first = await bucket.reserve({ requests: 1, tokens: 58_000 }, full(100, 60_000), false);
  const second = await bucket.reserve({ requests: 1, tokens: 20_000 }, {}, false);
  expect(first.waitMs).toBe(0);
  expect(second.waitMs).toBeCloseTo(19_200, 0);
  await bucket.settle(first, settled(first, { taken: { requests: 1, tokens: 30_000 } }));
  expect(await bucket.waitMs(second)).toBe(0);
});

test("usage by other clients is detected from the headers, counted once, and waited for", async () => {
  const { bucket } = bucketAt();
  const need = { requests: 1, tokens: 1_000 };
  const inFlight = await Promise.all([1, 2, 3].map(() => bucket.reserve(need, full(100, 60_000), false)));
  // Another client used 50,000: each of the three responses shows it.
  for (const [index, each] of inFlight.entries()) {
    const remaining = 60_000 - 50_000 - 1_000 * (index + 1);
    await bucket.settle(each, settled(each, { allowances: { tokens: { limit: 60_000, remaining } } }));
  }
  const next = await bucket.reserve({ requests: 1, tokens: 5_800 }, {}, false);
  expect(next.levels.tokens).toBe(60_000 - 50_000 - 3_000 - 5_800);
  expect(next.waitMs).toBe(0);
  expect((await bucket.reserve(need, {}, false)).waitMs).toBeCloseTo(1_000, 0);
});

test("a request larger than the limit waits for a full bucket, and no longer", async () => {
  const { bucket, pass } = bucketAt();
  await bucket.reserve({ requests: 1, tokens: 30_000 }, full(100, 60_000), false);
  const large = await bucket.reserve({ requests: 1, tokens: 90_000 }, {}, false);
  expect(large.waitMs).toBeCloseTo(30_000, 0);
  pass(30_000);
  expect(await bucket.waitMs(large)).toBe(0);
});

test("retry-after delays every reservation, including those whose turn has come", async () => {
  const { bucket, pass } = bucketAt();
  const refused = await bucket.reserve({ requests: 1, tokens: 10 }, full(100, 60_000), false);
  const waiting = await bucket.reserve({ requests: 1, tokens: 10 }, {}, false);
  await bucket.settle(refused, settled(refused, { retryAfterMs: 5_000 }));
  expect(await bucket.waitMs(waiting)).toBe(5_000);
  expect((await bucket.reserve({ requests: 1, tokens: 10 }, {}, false)).waitMs).toBe(5_000);
  pass(5_000);
  expect(await bucket.waitMs(waiting)).toBe(0);
});

test("limits are learned and follow the server up and down; without limits nothing waits", async () => {
  const { bucket } = bucketAt();
  const unlimited = await bucket.reserve({ requests: 1, tokens: 1e9 }, {}, false);
  expect(unlimited.waitMs).toBe(0);
  const { bucket: learning, pass } = bucketAt();
  const first = await learning.reserve({ requests: 1, tokens: 10 }, {}, false);
  await learning.settle(first, settled(first, { allowances: { tokens: { limit: 1_000, remaining: 990 } } }));
  expect((await learning.reserve({ requests: 1, tokens: 990 }, {}, false)).waitMs).toBeCloseTo(600, 0);
  pass(600);
  const later = await learning.reserve({ requests: 1, tokens: 1 }, {}, false);
  await learning.settle(later, settled(later, { allowances: { tokens: { limit: 10_000, remaining: 9_000 } } }));
  pass(60_000);
  expect((await learning.reserve({ requests: 1, tokens: 9_000 }, {}, false)).waitMs).toBe(0);
});

test("a bucket that lost data or missed requests is no fuller than a process last heard", async () => {
  const { bucket, key } = bucketAt();
  await bucket.reserve({ requests: 1, tokens: 10 }, full(100, 60_000), false);
  const heard = { tokens: { limit: 60_000, remaining: 1_000 } };
  expect((await bucket.reserve({ requests: 1, tokens: 500 }, heard, true)).levels.tokens).toBe(500);
  await redis.del(key);
  expect((await bucket.reserve({ requests: 1, tokens: 400 }, heard, false)).levels.tokens).toBe(600);
});

test("concurrent reservations are independent, and the bucket expires after a day", async () => {
  const { bucket, key } = bucketAt();
  const need = { requests: 1, tokens: 600 };
  const all = await Promise.all(Array.from({ length: 50 }, () => bucket.reserve(need, full(1_000, 60_000), false)));
  expect(all.map(({ levels }) => levels.tokens)).toEqual(all.map((_, index) => 60_000 - 600 * (index + 1)));
  expect(await redis.pttl(key)).toBeGreaterThan(86_000_000);
});
