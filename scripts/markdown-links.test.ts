import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { anchorsOf, linkProblem, relativeLinks } from "./markdown-links.ts";

const root = resolve(import.meta.dirname, "..");
const pages = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", "*.md"], {
  cwd: root,
  encoding: "utf8",
});

test.each(pages.trim().split("\n"))("the links of %s resolve", (page) => {
  const path = join(root, page);
  const problems = relativeLinks(readFileSync(path, "utf8")).map((link) => linkProblem(path, link));
  expect(problems.filter((problem) => problem !== undefined)).toEqual([]);
});

test("finds links, images and definitions outside code, and skips URLs", () => {
  const markdown = [
    "[a](one.md) `[b](code.md)` ![c](two.png) [d](https://example.com) [e](mailto:a@b)",
    "```sh",
    "[f](fenced.md)",
    "```",
    "[`g`](three.md#part 'title')",
    "[h]: four.md",
  ].join("\n");
  expect(relativeLinks(markdown)).toEqual([
    { line: 1, target: "one.md" },
    { line: 1, target: "two.png" },
    { line: 5, target: "three.md#part" },
    { line: 6, target: "four.md" },
  ]);
});

test("forms anchors as GitHub does", () => {
  const markdown = "# The way\n## `verify`, and *repair*\n## The way\n```sh\n# a comment\n```\n## [Linked](x.md) title";
  expect([...anchorsOf(markdown)]).toEqual(["the-way", "verify-and-repair", "the-way-1", "linked-title"]);
});

test("names a missing file and a missing heading", () => {
  const readme = join(root, "README.md");
  expect(linkProblem(readme, { line: 3, target: "docs/absent.md" })).toBe("line 3: docs/absent.md: no such file");
  expect(linkProblem(readme, { line: 4, target: "docs/logs.md#absent" })).toContain("no such heading");
  expect(linkProblem(readme, { line: 5, target: "docs/logs.md" })).toBeUndefined();
});
