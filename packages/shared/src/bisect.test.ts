import fc from "fast-check";
import { expect, test } from "vitest";
import { bisect } from "./bisect.ts";

interface Item {
  number: number;
  bad: boolean;
}

const items = fc
  .array(fc.boolean(), { minLength: 1, maxLength: 40 })
  .map((bad) => bad.map((each, number) => ({ number, bad: each })));

/** Refuses every list that holds a bad item, as a server does that names no culprit. */
async function run(list: readonly Item[]) {
  const attempts: number[] = [];
  const taken: number[] = [];
  const refused: number[] = [];
  const order: number[] = [];
  for await (const part of bisect(list, async (some) => {
    attempts.push(some.length);
    return some.some(({ bad }) => bad) ? { refusal: "bad" } : { taken: some.length };
  })) {
    const numbers = part.items.map(({ number }) => number);
    order.push(...numbers);
    if ("refusal" in part) refused.push(...numbers);
    else taken.push(...numbers);
  }
  return { attempts, taken, refused, order };
}

test("every item comes once and in order; exactly the bad ones are refused, each alone", async () => {
  await fc.assert(
    fc.asyncProperty(items, async (list) => {
      const { taken, refused, order } = await run(list);
      expect(order).toEqual(list.map(({ number }) => number));
      expect(refused).toEqual(list.filter(({ bad }) => bad).map(({ number }) => number));
      expect(taken).toEqual(list.filter(({ bad }) => !bad).map(({ number }) => number));
    }),
  );
});

test("items that are taken together cost one attempt; one bad item of 256 costs 17", async () => {
  const good = Array.from({ length: 256 }, (_, number) => ({ number, bad: false }));
  expect((await run(good)).attempts).toEqual([256]);
  const oneBad = good.map((item) => ({ ...item, bad: item.number === 77 }));
  expect((await run(oneBad)).attempts).toHaveLength(17);
});

test("a caller that stops iterating stops the attempts", async () => {
  let attempts = 0;
  for await (const _ of bisect([1, 2, 3, 4], async (some) => {
    attempts++;
    return some.length > 1 ? { refusal: "too many" } : { taken: true };
  })) {
    break;
  }
  expect(attempts).toBe(3);
});
