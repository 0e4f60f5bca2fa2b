// Which reports are older than the code that they are about. It warns and never fails.
//   npm run reports
import { spawnSync } from "node:child_process";
import { existsSync, globSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { headerSchema, type ReportHeader, readHeader } from "../packages/testbed/src/reports/report-file.ts";

/** The files with a report header, relative to the root. */
export function findReports(root: string): string[] {
  return globSync(["docs/reports/*.md", "bench/recorded.json"], { cwd: root }).toSorted();
}

/** The warnings about one report; none where it is as new as its code. */
export function warningsOf(file: string, root: string): string[] {
  const header = headerOf(file, readFileSync(join(root, file), "utf8"));
  if (!header) return [`${file} does not say what was measured, and when`];
  const { commit, command, dirty, paths } = header;
  const again = `measure again: ${command}`;
  const missing = paths.filter((path) => !existsSync(join(root, path)));
  const warnings = missing.map((path) => `${file} is about ${path}, which no longer exists; ${again}`);
  if (dirty) warnings.push(`${file} was measured at ${commit} with uncommitted changes; ${again}`);
  const count = commitsSince(commit, paths, root);
  if (count === undefined) {
    warnings.push(`${file} was measured at ${commit}, which this clone does not have: its age is unknown`);
  } else if (count > 0) {
    warnings.push(`${file} was measured at ${commit}, ${count} commit${count === 1 ? "" : "s"} before; ${again}`);
  }
  return warnings;
}

function headerOf(file: string, text: string): ReportHeader | undefined {
  try {
    return file.endsWith(".json") ? headerSchema.parse(JSON.parse(text)) : readHeader(text);
  } catch {
    return undefined;
  }
}

/** Commits to the code, tests apart; `undefined` where the clone is shallow or has lost the commit. */
function commitsSince(commit: string, paths: readonly string[], root: string): number | undefined {
  const range = ["rev-list", "--count", `${commit}..HEAD`, "--", ...paths, ":(exclude)*.test.ts"];
  const { status, stdout } = spawnSync("git", range, { cwd: root, encoding: "utf8" });
  return status === 0 ? Number(stdout) : undefined;
}

if (import.meta.main) {
  const root = resolve(import.meta.dirname, "..");
  const reports = findReports(root);
  const warnings = reports.flatMap((file) => warningsOf(file, root));
  for (const warning of warnings) process.stdout.write(`warning: ${warning}\n`);
  if (warnings.length === 0) process.stdout.write(`${reports.length} reports are as new as their code\n`);
}
