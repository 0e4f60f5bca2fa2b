import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { holdOut, readLabelledTexts } from "./labelled-texts.ts";

const items = Array.from({ length: 1_000 }, (_, index) => index);

it("holds out the same items for the same seed, and others for another", () => {
  const { heldOut, rest } = holdOut(items, 100, 1);
  expect(holdOut(items, 100, 1).heldOut).toEqual(heldOut);
  expect(holdOut(items, 100, 2).heldOut).not.toEqual(heldOut);
  expect([...heldOut, ...rest].sort((one, other) => one - other)).toEqual(items);
});

it("draws from the whole list", () => {
  const { heldOut } = holdOut(items, 500, 1);
  const average = heldOut.reduce((sum, item) => sum + item, 0) / heldOut.length;
  expect(average).toBeGreaterThan(450);
  expect(average).toBeLessThan(550);
});

it("reads quoted fields, and refuses a file without the columns", async () => {
  const file = join(await mkdtemp(join(tmpdir(), "millrace-e2e-")), "a.csv");
  await writeFile(file, 'text,category\n"a, ""b""",one\n');
  expect(await readLabelledTexts(file)).toEqual([{ text: 'a, "b"', category: "one" }]);
  await writeFile(file, "message,category\na,one\n");
  await expect(readLabelledTexts(file)).rejects.toThrow("text");
});
