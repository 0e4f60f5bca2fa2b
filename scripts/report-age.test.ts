import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { formatReport } from "../packages/testbed/src/reports/report-file.ts";
import { findReports, warningsOf } from "./report-age.ts";

const root = mkdtempSync(join(tmpdir(), "millrace-report-age-"));
const file = "docs/reports/speed.md";
let commit = "";
afterAll(() => rmSync(root, { recursive: true }));

beforeAll(() => {
  for (const folder of ["src", "other", "docs/reports", "bench"]) mkdirSync(join(root, folder), { recursive: true });
  git("init", "--quiet");
  commit = change("src/code.ts");
});

function git(...args: string[]): string {
  const identity = ["-c", "user.name=test", "-c", "user.email=test@localhost"];
  return execFileSync("git", [...identity, ...args], { cwd: root, encoding: "utf8" }).trim();
}

/** Commits a change to a file, and returns the commit. */
function change(path: string): string {
  writeFileSync(join(root, path), `${Math.random()}`);
  git("add", "--all");
  git("commit", "--quiet", "--message", `change ${path}`);
  return git("rev-parse", "--short", "HEAD");
}

function report(of: { commit: string; dirty?: boolean; paths?: string[] }): void {
  const always = { title: "Speed", command: "npm run speed", date: "2026-12-01", machine: "2 cores" };
  writeFileSync(join(root, file), formatReport({ ...always, dirty: false, paths: ["src"], ...of }, "fast"));
}

test("a report as new as its code has no warning, whatever else has changed", () => {
  report({ commit });
  change("other/code.ts");
  change("src/code.test.ts");
  expect(findReports(root)).toEqual([file]);
  expect(warningsOf(file, root)).toEqual([]);
});

test("each commit to the code counts", () => {
  report({ commit });
  change("src/code.ts");
  const before = `${file} was measured at ${commit},`;
  expect(warningsOf(file, root)).toEqual([`${before} 1 commit before; measure again: npm run speed`]);
  change("src/more.ts");
  expect(warningsOf(file, root)).toEqual([`${before} 2 commits before; measure again: npm run speed`]);
});

test("a commit that the clone lacks, uncommitted changes and a path that is gone are reported", () => {
  report({ commit: "0123abc" });
  expect(warningsOf(file, root)).toEqual([
    `${file} was measured at 0123abc, which this clone does not have: its age is unknown`,
  ]);
  report({ commit: git("rev-parse", "--short", "HEAD"), dirty: true, paths: ["src", "gone"] });
  expect(warningsOf(file, root)).toEqual([
    expect.stringContaining("is about gone, which no longer exists"),
    expect.stringContaining("with uncommitted changes"),
  ]);
});

test("a recorded measurement is a report too, and one without a header is named", () => {
  writeFileSync(join(root, "bench/recorded.json"), JSON.stringify({ ratios: { fast: 1 } }));
  expect(findReports(root)).toEqual(["bench/recorded.json", file]);
  expect(warningsOf("bench/recorded.json", root)).toEqual([
    "bench/recorded.json does not say what was measured, and when",
  ]);
});
