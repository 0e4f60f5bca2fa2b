import type { OutgoingRecord } from "@millrace/kafka";
import { recordSize, retryable } from "@millrace/shared";
import fc from "fast-check";
import { expect, test } from "vitest";
import { GroupCommit } from "./group-commit.ts";

const record = (text: string): OutgoingRecord => ({ value: Buffer.from(text) });

/** Keeps each request open until the test answers it. */
function openLog(requestMaxBytes = 100, unansweredMaxBytes = 10_000) {
  const requests: { texts: string[]; answer(fault?: string): void }[] = [];
  let offset = 0;
  const log = new GroupCommit(
    (_topic, records) => {
      const { promise, resolve } = Promise.withResolvers<Awaited<ReturnType<GroupCommit["append"]>>>();
      const answer = (fault?: string): void =>
        resolve(
          fault === undefined
            ? { value: records.map(() => ({ partition: 0, offset: offset++ })) }
            : { fault: retryable("unavailable", fault) },
        );
      requests.push({ texts: records.map(({ value }) => String(value)), answer });
      return promise;
    },
    { requestMaxBytes, unansweredMaxBytes },
  );
  return { log, requests };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

test("the first append is sent at once, and those that arrive meanwhile are sent together", async () => {
  const { log, requests } = openLog();
  const appends = ["a", "b", "c"].map((text) => log.append("topic", [record(text)]));
  expect(requests.map(({ texts }) => texts)).toEqual([["a"]]);
  requests[0]?.answer();
  await settled();
  expect(requests.map(({ texts }) => texts)).toEqual([["a"], ["b", "c"]]);
  requests[1]?.answer();
  expect(await Promise.all(appends)).toEqual([0, 1, 2].map((offset) => ({ value: [{ partition: 0, offset }] })));
});

test("a fault fails only the appends of its request", async () => {
  const { log, requests } = openLog();
  const appends = ["a", "b", "c"].map((text) => log.append("topic", [record(text)]));
  requests[0]?.answer();
  await settled();
  requests[1]?.answer("away");
  const later = log.append("topic", [record("d")]);
  await settled();
  requests[2]?.answer();
  expect((await Promise.all([...appends, later])).map((each) => "fault" in each)).toEqual([false, true, true, false]);
});

test("topics do not wait for each other", () => {
  const { log, requests } = openLog();
  void log.append("one", [record("a")]);
  void log.append("two", [record("b")]);
  expect(requests.map(({ texts }) => texts)).toEqual([["a"], ["b"]]);
});

test("appends beyond the limit are refused at once, until answers make room", async () => {
  const { log, requests } = openLog(100, 2 * recordSize(record("a")));
  const appends = ["a", "c"].map((text) => log.append("topic", [record(text)]));
  expect(await log.append("topic", [record("d")])).toMatchObject({ fault: { code: "unavailable" } });
  requests[0]?.answer();
  expect(await appends[0]).toHaveProperty("value");
  const later = log.append("topic", [record("e")]);
  requests[1]?.answer();
  await settled();
  requests[2]?.answer();
  expect(await later).toHaveProperty("value");
});

/** The first append alone, since none waits with it; then, in order, as many whole appends as fit, at least one. */
function grouped([first, ...others]: readonly string[][], maxBytes: number): string[][] {
  const bytesOf = (texts: readonly string[]) => texts.reduce((sum, text) => sum + recordSize(record(text)), 0);
  const requests: string[][] = [];
  for (const texts of others) {
    const last = requests.at(-1);
    if (last && bytesOf([...last, ...texts]) <= maxBytes) last.push(...texts);
    else requests.push([...texts]);
  }
  return first ? [first, ...requests] : [];
}

test("each append is sent once, in order, in requests filled to the limit, and gets its own placements", async () => {
  const appendOf = fc.array(fc.string({ maxLength: 20, unit: "grapheme-ascii" }), { minLength: 1, maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(
      fc.array(appendOf, { maxLength: 30 }),
      fc.integer({ min: 1, max: 400 }),
      async (texts, maxBytes) => {
        const { log, requests } = openLog(maxBytes);
        const appends = texts.map((each) => log.append("topic", each.map(record)));
        for (let answered = 0; answered < requests.length; answered++) {
          requests[answered]?.answer();
          await settled();
        }
        expect(requests.map((request) => request.texts)).toEqual(grouped(texts, maxBytes));
        let offset = 0;
        const places = texts.map((each) => ({ value: each.map(() => ({ partition: 0, offset: offset++ })) }));
        expect(await Promise.all(appends)).toEqual(places);
      },
    ),
  );
});
