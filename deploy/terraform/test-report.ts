// One line of a module's `terraform test -json`, and what failed; keeps an environment's plan for those who read it after.
//   node test-report.ts FOLDER LOG PLANS SECONDS
import { readFileSync, writeFileSync } from "node:fs";

interface Line {
  type?: string;
  "@message"?: string;
  "@testrun"?: string;
  diagnostic?: { summary: string; detail: string; range?: { filename: string; start: { line: number } } };
  test_summary?: { status: string; passed: number; failed: number; errored: number; skipped: number };
  test_plan?: { output_changes: Record<string, Change>; resource_changes: Resource[] };
}
interface Change {
  after?: unknown;
}
interface Resource {
  address: string;
  type: string;
  name: string;
  mode: string;
  change: Change;
}

const [, , folder = "", log = "", plans = "", seconds = ""] = process.argv;
const text = readFileSync(log, "utf8");
const lines = text.split("\n").flatMap((line): Line[] => {
  try {
    return [JSON.parse(line)];
  } catch {
    return [];
  }
});
const summary = lines.findLast(({ test_summary }) => test_summary)?.test_summary;

/** The last plan: the first one is an empty account's, whose values are not known yet. */
const plan = lines.findLast(({ test_plan }) => test_plan)?.test_plan;
if (plan) {
  const outputs = Object.entries(plan.output_changes).map(([name, { after }]) => [name, after]);
  const resources = plan.resource_changes
    .filter(({ mode }) => mode === "managed")
    .map(({ address, type, name, change }) => ({ address, type, name, values: change.after }));
  const file = `${plans}/${folder.split("/").at(-1)}.json`;
  writeFileSync(file, JSON.stringify({ outputs: Object.fromEntries(outputs), resources }));
}

if (summary?.status === "pass" && summary.passed > 0 && summary.skipped === 0) {
  console.log(`ok      ${folder}: valid, ${summary.passed} tests passed (${seconds} s)`);
} else {
  console.log(`FAILED  ${folder}`);
  for (const { diagnostic, "@testrun": run } of lines) {
    if (!diagnostic) continue;
    const { filename, start } = diagnostic.range ?? {};
    console.log(`  ${run ?? ""} ${filename ?? ""}:${start?.line ?? ""} ${diagnostic.summary}: ${diagnostic.detail}`);
  }
  if (lines.length === 0) console.log(text);
}
