import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fileMessages } from "./file.ts";
import type { SourceMessage } from "./source.ts";

async function read(name: string, content: string | Buffer): Promise<SourceMessage[]> {
  const file = join(await mkdtemp(join(tmpdir(), "millrace-cli-")), name);
  await writeFile(file, content);
  const messages: SourceMessage[] = [];
  for await (const message of (await fileMessages(file)).read()) messages.push(message);
  return messages;
}

async function readValues(name: string, content: string | Buffer): Promise<(string | undefined)[]> {
  return (await read(name, content)).map(({ value }) => value?.toString("latin1"));
}

describe("a text file", () => {
  it("has one message per line, including empty ones, and none after the last line feed", async () => {
    expect(await readValues("a.txt", "one\r\n\ntwo\n\n")).toEqual(["one", "", "two", ""]);
    expect(await readValues("a.txt", "no line feed")).toEqual(["no line feed"]);
    expect(await readValues("a.txt", "")).toEqual([]);
  });

  it("keeps bytes that are not UTF-8, and lines of any length", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.uint8Array({ maxLength: 200_000 }).map(withoutLineEnds), { maxLength: 5 }),
        async (lines) => {
          const content = Buffer.concat(lines.flatMap((line) => [line, Buffer.from("\n")]));
          const values = (await read("a.log", content)).map(({ value }) => value);
          expect(values).toEqual(lines);
        },
      ),
      { numRuns: 25 },
    );
  });
});

describe("a CSV file", () => {
  it("yields its column text, with quotes, commas, line breaks and a byte order mark", async () => {
    const csv = '\uFEFFid,text\r\n1,"a ""quoted"", field"\r\n2,"over\ntwo lines"\r\n';
    expect(await readValues("a.csv", csv)).toEqual(['a "quoted", field', "over\ntwo lines"]);
  });

  it("yields empty and missing fields as empty messages, and invalid bytes unchanged", async () => {
    const csv = Buffer.concat([
      Buffer.from("id,text,category\n1,,x\n2\n3,"),
      Buffer.from([0xff, 0xfe]),
      Buffer.from(",x\n"),
    ]);
    expect(await readValues("a.csv", csv)).toEqual(["", "", "\u00ff\u00fe"]);
  });

  it("is refused without that column, or with an unclosed quote", async () => {
    await expect(read("a.csv", "id,message\n1,a\n")).rejects.toThrow('has no column "text"');
    await expect(read("a.csv", "")).rejects.toThrow('has no column "text"');
    await expect(read("a.csv", 'text\n"never closed\n')).rejects.toThrow("is not valid CSV");
    await expect(read("a.csv", 'text\nnumber 5" long\n')).rejects.toThrow(/field 0 at line 2\): fix it/);
  });
});

describe("a file of JSON Lines", () => {
  it("yields texts, bytes, records without a value, and keys", async () => {
    const lines = ['{"text":"a\\nb","other":1}', '{"valueBase64":"/w==","key":"k"}', '{"valueBase64":null}'];
    expect(await read("a.jsonl", lines.join("\n"))).toEqual([
      { value: Buffer.from("a\nb") },
      { value: Buffer.from([0xff]), key: "k" },
      { value: null },
    ]);
  });

  it("yields any other line unchanged", async () => {
    const lines = ["{broken", "", '{"text":5}', '"text"', '{"text":"\\ud800"}'];
    expect(await readValues("a.ndjson", `${lines.join("\n")}\n`)).toEqual(lines);
  });
});

it("uses readable messages as queries", async () => {
  const file = join(await mkdtemp(join(tmpdir(), "millrace-cli-")), "a.txt");
  await writeFile(
    file,
    `short\n${Array.from({ length: 200 }, (_, index) => `a question, number ${index}\n`).join("")}`,
  );
  expect((await fileMessages(file)).queries).toEqual([
    "a question, number 0",
    "a question, number 18",
    "a question, number 198",
  ]);
});

it("refuses a file that does not exist", async () => {
  await expect(fileMessages("/nowhere/messages.csv")).rejects.toThrow("File /nowhere/messages.csv does not exist");
});

function withoutLineEnds(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.filter((byte) => byte !== 0x0a && byte !== 0x0d));
}
