import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { beginReport } from "./begin-report.ts";
import { markdownTable, withSection } from "./markdown.ts";
import { readHeader } from "./report-file.ts";

const root = mkdtempSync(join(tmpdir(), "millrace-reports-"));
afterAll(() => rmSync(root, { recursive: true }));
const definition = { name: "speed", title: "Speed", page: "docs/page.md", script: "measure", paths: ["src"] };
const findings = { summary: "It is **fast**.", body: "| a |\n| --- |" };

function git(...args: string[]): string {
  const identity = ["-c", "user.name=test", "-c", "user.email=test@localhost"];
  return execFileSync("git", [...identity, ...args], { cwd: root, encoding: "utf8" }).trim();
}

function read(file: string): string {
  return readFileSync(join(root, file), "utf8");
}

test("a report has the commit, the date, the machine and the paths, and its page quotes the summary", async () => {
  mkdirSync(join(root, "src"));
  mkdirSync(join(root, "docs"));
  writeFileSync(join(root, "src/code.ts"), "one");
  writeFileSync(join(root, "docs/page.md"), "Before\n<!-- report:speed:begin -->\n<!-- report:speed:end -->\nAfter\n");
  git("init", "--quiet");
  git("add", "--all");
  git("commit", "--quiet", "--message", "first");
  expect(await beginReport(definition, root).write(findings)).toBe("docs/reports/speed.md");
  const commit = git("rev-parse", "--short", "HEAD");
  const header = readHeader(read("docs/reports/speed.md"));
  expect(header).toMatchObject({ title: "Speed", commit, dirty: false, paths: ["src"] });
  expect(header.date).toBe(new Date().toISOString().slice(0, 10));
  expect(header.machine).toMatch(/^\d+ cores, \d+ GB of memory$/);
  expect(header.command).toMatch(/^npm run measure/);
  expect(read("docs/reports/speed.md")).toContain("\n# Speed\n\nIt is **fast**.\n\n| a |\n| --- |\n");
  expect(read("docs/page.md")).toMatch(
    /^Before\n<!-- report:speed:begin -->\nIt is \*\*fast\*\*\.\n\nMeasured on .* at `\w+` on .*: \[the full report\]\(reports\/speed\.md\)\.\n<!-- report:speed:end -->\nAfter\n$/,
  );
});

test("changes to the measured paths are dirty, the report's own are not", async () => {
  await beginReport(definition, root).write(findings);
  expect(readHeader(read("docs/reports/speed.md")).dirty).toBe(false);
  writeFileSync(join(root, "src/code.ts"), "two");
  const report = beginReport(definition, root);
  git("commit", "--all", "--quiet", "--message", "second");
  await report.write(findings);
  // The measurement began before the commit.
  expect(readHeader(read("docs/reports/speed.md"))).toMatchObject({ commit: git("rev-parse", "--short", "HEAD~1") });
  expect(readHeader(read("docs/reports/speed.md")).dirty).toBe(true);
  expect(read("docs/page.md")).toContain(", with uncommitted changes, on");
});

test("a text without front matter is no report", () => {
  expect(() => readHeader("# Speed\n")).toThrow(/no front matter/);
  expect(() => readHeader("---\ntitle: Speed\n---\n")).toThrow(/commit/);
});

test("a section is replaced, and nothing else", () => {
  const text = "before\n<!-- x:begin -->\nold\n<!-- x:end -->\nafter\n";
  expect(withSection(text, "x", "new")).toBe("before\n<!-- x:begin -->\nnew\n<!-- x:end -->\nafter\n");
  expect(() => withSection(text, "y", "new")).toThrow(/y:begin/);
});

test("a table has a rule below its heading that aligns the columns", () => {
  const rows = [
    ["a", "b", "c"],
    ["x", 1, 2],
  ];
  expect(markdownTable(rows, "left", "right")).toBe("| a | b | c |\n| --- | ---: | ---: |\n| x | 1 | 2 |");
  expect(markdownTable([["a"]])).toBe("| a |\n| --- |");
});
