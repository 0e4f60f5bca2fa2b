import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { builtInTexts } from "./built-in-texts.ts";
import { Reservoir } from "./reservoir.ts";
import { fileTexts } from "./texts.ts";

test("built-in texts are all different", () => {
  const texts = Array.from({ length: 10_000 }, (_, index) => builtInTexts(index));
  expect(new Set(texts).size).toBe(10_000);
  expect(texts[0]).toBe(
    "My card has not arrived although it was promised for last week (reference 1). How do I put that right?",
  );
});

test("repeats a file's texts, and skips what can't be published", async () => {
  const file = join(await mkdtemp(join(tmpdir(), "millrace-cli-")), "texts.txt");
  await writeFile(file, Buffer.concat([Buffer.from("one\n\n"), Buffer.from([0xff, 0x0a]), Buffer.from("two\n")]));
  const texts = await fileTexts(file);
  expect([0, 1, 2, 3].map(texts)).toEqual(["one", "two", "one", "two"]);
  await writeFile(file, "\n");
  await expect(fileTexts(file)).rejects.toThrow("contains no text to publish");
});

test("a sample is never larger than its size, and includes late items", () => {
  const sample = new Reservoir<number>(100);
  for (let item = 0; item < 10_000; item++) sample.offer(item);
  expect(new Set(sample.items).size).toBe(100);
  // The probability that none of a hundred is from the second half is 2 to the power of -100.
  expect(Math.max(...sample.items)).toBeGreaterThan(5_000);
});
