import { readdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { CommandError } from "../errors.ts";
import { paragraphsOf } from "./markdown.ts";
import type { MessageSource } from "./source.ts";

const PARAGRAPHS_MAX = 1_000;
const LENGTH_MIN = 40;
const LENGTH_MAX = 1_500;

/** Paragraphs from the README files of the installed dependencies: real text that every clone has. */
export function readmeMessages(): MessageSource {
  return {
    title: "paragraphs from the installed dependencies' README files",
    queries: ["how do I limit concurrency?", "read the options of a command line", "write logs as JSON, fast"],
    async *read() {
      for (const text of await sampleOf(await packageStore(import.meta.dirname))) yield { value: Buffer.from(text) };
    },
  };
}

/** Takes one paragraph of each package in turn until there are enough, so that every package is represented. */
async function sampleOf(store: string): Promise<string[]> {
  const byPackage = await Promise.all((await readdir(store)).sort().map((entry) => readmeParagraphs(store, entry)));
  const chosen = new Set<string>();
  const longest = Math.max(0, ...byPackage.map((paragraphs) => paragraphs.length));
  for (let round = 0; round < longest; round++) {
    for (const paragraphs of byPackage) {
      const paragraph = paragraphs[round];
      if (paragraph !== undefined) chosen.add(paragraph);
      if (chosen.size === PARAGRAPHS_MAX) return [...chosen];
    }
  }
  if (chosen.size > 0) return [...chosen];
  throw new CommandError(`Found no README files below ${store}: pass your own messages with --messages FILE.`);
}

/** @param entry a folder of pnpm's store, such as `@hono+node-server@2.1.8_hono@4.13.19` */
async function readmeParagraphs(store: string, entry: string): Promise<string[]> {
  const name = /^((?:@[^@+]+\+)?[^@+]+)@/.exec(entry)?.[1]?.replace("+", "/");
  if (name === undefined) return [];
  const folder = join(store, entry, "node_modules", name);
  const files = await readdir(folder).catch(() => []);
  const readme = files.find((file) => /^readme(\.md|\.markdown)?$/i.test(file));
  if (readme === undefined) return [];
  const paragraphs = paragraphsOf(await readFile(join(folder, readme), "utf8"));
  return (
    paragraphs
      .filter(({ text }) => text.length >= LENGTH_MIN)
      // A paragraph by itself seldom says what it is about.
      .map(({ heading, text }) =>
        heading === "" || heading === name ? `${name}: ${text}` : `${name}, ${heading}: ${text}`,
      )
      .filter((text) => text.length <= LENGTH_MAX)
  );
}

/** pnpm's store in the nearest parent directory that has one. */
async function packageStore(directory: string): Promise<string> {
  const store = join(directory, "node_modules", ".pnpm");
  const entries = await readdir(store).catch(() => []);
  if (entries.length > 0) return store;
  const parent = dirname(directory);
  if (parent !== directory) return packageStore(parent);
  throw new CommandError("Found no installed dependencies: pass your own messages with --messages FILE.");
}
