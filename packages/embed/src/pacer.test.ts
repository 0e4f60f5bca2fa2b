import fc from "fast-check";
import { expect, test } from "vitest";
import { createPacer } from "./pacer.ts";

const limits = { requests: { limit: 60, remaining: 0 }, tokens: { limit: 60_000, remaining: 0 } };

test("in any time no more than the share of that time goes out, and one request", () => {
  const requests = fc.array(fc.record({ tokens: fc.integer({ min: 1, max: 50_000 }), laterMs: fc.nat(20_000) }));
  fc.assert(
    fc.property(requests, fc.double({ min: 0.1, max: 1, noNaN: true }), (wanted, share) => {
      let nowMs = 0;
      const pacer = createPacer(share, () => nowMs);
      const sent = wanted.map(({ tokens, laterMs }) => {
        nowMs += laterMs;
        return { tokens, atMs: nowMs + pacer.waitMs({ requests: 1, tokens }, limits) };
      });
      for (const [index, { atMs }] of sent.entries()) {
        const since = sent.slice(0, index).filter((each) => each.atMs > atMs - 60_000);
        const tokens = since.reduce((sum, each) => sum + each.tokens, 0) - (since[0]?.tokens ?? 0);
        expect(tokens).toBeLessThanOrEqual(60_000 * share + 1e-6);
        expect(since.length - 1).toBeLessThanOrEqual(60 * share + 1e-6);
      }
    }),
  );
});

test("a backlog goes out as fast as the share allows: each request when the one before is paid for", () => {
  const backlog = fc.array(fc.integer({ min: 1, max: 50_000 }), { minLength: 1 });
  fc.assert(
    fc.property(backlog, fc.double({ min: 0.1, max: 1, noNaN: true }), (wanted, share) => {
      const pacer = createPacer(share, () => 0);
      let dueMs = 0;
      for (const tokens of wanted) {
        expect(pacer.waitMs({ requests: 1, tokens }, limits)).toBeCloseTo(dueMs, 3);
        // 60 requests and 60,000 tokens a minute.
        dueMs += Math.max(1_000, tokens) / share;
      }
    }),
  );
});

test("without limits nothing waits, unless the server asked for it", () => {
  const pacer = createPacer(0.25, () => 0);
  expect([1, 2].map(() => pacer.waitMs({ requests: 1, tokens: 1e9 }, {}))).toEqual([0, 0]);
  pacer.pause(500);
  expect(pacer.waitMs({ requests: 1, tokens: 1 }, {})).toBe(500);
});
