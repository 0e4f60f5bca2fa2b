import fc from "fast-check";
import { expect, test } from "vitest";
import { LINE_MAX_CHARACTERS, textLines } from "./text-lines.ts";

async function* inChunks(text: string, size: number) {
  for (let start = 0; start < text.length; start += size) yield text.slice(start, start + size);
}

async function linesOf(text: string, chunkSize: number): Promise<string[]> {
  const lines: string[] = [];
  for await (const some of textLines(inChunks(text, chunkSize))) lines.push(...some);
  return lines;
}

test("lines do not depend on how the text is cut into chunks", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.stringMatching(/^[a-z{}"]{0,8}$/)),
      fc.integer({ min: 1, max: 40 }),
      async (lines, size) => {
        expect(await linesOf(lines.map((line) => `${line}\n`).join(""), size)).toEqual(lines);
      },
    ),
  );
  expect(await linesOf("one\ntwo", 2)).toEqual(["one", "two"]);
});

test("an endless line takes bounded memory, and the next one is intact", async () => {
  const lines = await linesOf(`${"x".repeat(3 * LINE_MAX_CHARACTERS)}\nnext\n`, 65_536);
  expect(lines.map(({ length }) => length)).toEqual([LINE_MAX_CHARACTERS, 4]);
});
