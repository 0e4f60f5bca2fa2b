import { afterAll, expect, test } from "vitest";
import { openPool } from "../src/local/pool.ts";
import { createLocalProvider } from "../src/local/provider.ts";
import { embedded } from "./provider.contract.ts";

const DIMENSIONS = 256;
const pool = openPool(1);
afterAll(() => pool[Symbol.asyncDispose]());
const local = createLocalProvider();

async function embedTexts(texts: readonly string[]) {
  const outcome = await pool.embed(texts, { signal: new AbortController().signal });
  if ("fault" in outcome) throw new Error(outcome.fault.cause);
  return outcome;
}

test("the worker thread starts from the sources and returns the vectors of texts", async () => {
  const texts = ["lost card", "refund please", "where is my money?"];
  const outcome = await embedTexts(texts);
  expect(outcome).toMatchObject({ model: "static-minilm-l6-256", dimensions: DIMENSIONS, failed: [] });
  expect(outcome.vectors).toEqual((await embedded(local, texts)).vectors);
});

test("each batch's vectors have their own memory", async () => {
  const first = await embedTexts(["lost card", "refund"]);
  const before = first.vectors.slice();
  const second = await embedTexts(["something else", "and more", "and yet more"]);
  expect(first.vectors.buffer.byteLength).toBe(2 * DIMENSIONS * 4);
  expect(second.vectors.buffer.byteLength).toBe(3 * DIMENSIONS * 4);
  expect(second.vectors.buffer).not.toBe(first.vectors.buffer);
  expect(first.vectors).toEqual(before);
});

test("a text that fails in the worker fails alone", async () => {
  const outcome = await embedTexts(["lost card", "\u200b", "refund"]);
  expect(outcome.failed).toEqual([{ index: 1, fault: { kind: "poison", code: "invalid", cause: expect.any(String) } }]);
  expect(outcome.vectors.length).toBe(2 * DIMENSIONS);
});

test("concurrent batches get their own vectors", async () => {
  const batches = Array.from({ length: 20 }, (_, batch) => [`batch ${batch}`, `more of batch ${batch}`]);
  const outcomes = await Promise.all(batches.map((texts) => embedTexts(texts)));
  for (const [index, { vectors }] of outcomes.entries()) {
    expect(vectors).toEqual((await embedded(local, batches[index] ?? [])).vectors);
  }
});

test("an aborted signal rejects the request", async () => {
  const stop = new AbortController();
  const many = Array.from({ length: 20_000 }, (_, index) => `text ${index} of the lost cards`);
  const rejected = expect(pool.embed(many, { signal: stop.signal })).rejects.toThrow(/abort/i);
  stop.abort();
  await rejected;
  await expect(pool.embed(["text"], { signal: AbortSignal.abort() })).rejects.toThrow(/abort/i);
});
