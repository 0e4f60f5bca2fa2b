import { poison } from "@millrace/shared";
import fc from "fast-check";
import pLimit from "p-limit";
import { expect, test } from "vitest";
import { type Ask, joinWaiting } from "./join-waiting.ts";

const limits = { texts: 256, tokens: 65_536 };
const patient = { timeout: 15_000, interval: 5 };

/** A vector of one number for each text, its length; texts that begin with ! fail. Answers when it is let. */
function slowRequests() {
  const requests: string[][] = [];
  const answers: (() => void)[] = [];
  const ask: Ask = async (texts) => {
    requests.push([...texts]);
    await new Promise<void>((answered) => answers.push(answered));
    const good = texts.filter((text) => !text.startsWith("!"));
    const failed = texts.flatMap((text, index) =>
      text.startsWith("!") ? [{ index, fault: poison("rejected", text) }] : [],
    );
    return {
      model: "m",
      dimensions: 1,
      vectors: Float32Array.from(good, ({ length }) => length),
      failed,
      paid: texts.length,
    };
  };
  return { ask, requests, answers };
}

/** So small that requests often have exactly as much as they may, by texts or by bytes. */
const few = { texts: 8, tokens: 40 };

function fits(texts: readonly string[]): boolean {
  return texts.length <= few.texts && Buffer.byteLength(texts.join("")) <= few.tokens;
}

/** In their order, as many whole askings to a request as fit, and at least one. */
function packed(askings: readonly string[][]): string[][] {
  const requests: string[][] = [];
  for (const texts of askings) {
    const last = requests.at(-1);
    if (last && fits([...last, ...texts])) last.push(...texts);
    else requests.push([...texts]);
  }
  return requests;
}

test("each gets its own vectors and failures, whatever it was joined with, and requests have all that fits and no more", async () => {
  const text = fc.oneof(
    { weight: 4, arbitrary: fc.string({ minLength: 1, maxLength: 8 }) },
    fc.constant("!bad"),
    fc.constantFrom("é".repeat(10), "x".repeat(20), "x".repeat(41)),
  );
  const texts = fc.oneof(
    { weight: 3, arbitrary: fc.array(text, { minLength: 1, maxLength: 2 }) },
    fc.array(text, { minLength: 1, maxLength: 10 }),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(texts, { minLength: 1, maxLength: 12 }),
      fc.integer({ min: 1, max: 3 }),
      async (askings, places) => {
        const { ask, requests, answers } = slowRequests();
        const joined = joinWaiting(pLimit(places), few, ask);
        const asked = askings.map((texts) => joined.ask(texts));
        const all = Promise.all(asked);
        let done = false;
        void all.then(() => {
          done = true;
        });
        while (!done) {
          for (const answer of answers.splice(0)) answer();
          await new Promise((next) => setImmediate(next));
        }
        expect((await all).reduce((sum, { paid }) => sum + paid, 0)).toBe(askings.flat().length);
        for (const [index, { vectors, failed }] of (await all).entries()) {
          const texts = askings[index] ?? [];
          const good = texts.filter((each) => !each.startsWith("!"));
          expect([...vectors]).toEqual(good.map(({ length }) => length));
          expect(failed.map((each) => each.index)).toEqual(
            texts.flatMap((each, position) => (each.startsWith("!") ? [position] : [])),
          );
        }
        expect(requests).toEqual(packed(askings));
      },
    ),
    { numRuns: 100 },
  );
});

test("what waits together is one request", async () => {
  const { ask, requests, answers } = slowRequests();
  const joined = joinWaiting(pLimit(1), limits, ask);
  const first = joined.ask(["a"]);
  await expect.poll(() => answers.length, patient).toBe(1);
  const others = ["b", "c", "d"].map((text) => joined.ask([text]));
  expect(joined.waiting).toBe(3);
  answers.shift()?.();
  await expect.poll(() => answers.length, patient).toBe(1);
  // All are under way, though three places were asked for.
  expect(joined.waiting).toBe(0);
  answers.shift()?.();
  await Promise.all([first, ...others]);
  expect(requests).toEqual([["a"], ["b", "c", "d"]]);
});

test("a request that fails rejects all whom it was for", async () => {
  const { ask } = joinWaiting(pLimit(1), limits, () => Promise.reject(new Error("stopped")));
  const settled = await Promise.allSettled(["a", "b", "c"].map((text) => ask([text])));
  expect(settled.map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
});
