// The whole check: builds, lints, type-checks and tests every package, with the real services under the tests.
//   npm test                      everything
//   npm test -- --filter=…        what turbo's filter selects, such as --filter=@millrace/sink
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { lease } from "@millrace/stack";

const root = resolve(import.meta.dirname, "..");
const results = join(root, ".millrace", "test-results");
rmSync(results, { recursive: true, force: true });
mkdirSync(results, { recursive: true });

// Held for the whole run, so that the packages' suites share one stack instead of starting one each.
const stack = await lease({ name: "test", onProgress: (line) => process.stderr.write(`${line}\n`) });
let failedCommands = 0;
try {
  run("turbo", ["boundaries"]);
  run("node", ["--conditions=millrace", "scripts/generate-docs.ts", "--check"]);
  run("node", ["--conditions=millrace", "scripts/documented-commands.ts"]);
  run("biome", [
    "check",
    "--error-on-warnings",
    "scripts",
    "bench",
    "load",
    "deploy/stand-ins",
    "biome.json",
    "turbo.json",
  ]);
  for (const project of ["bench", "load/k6"]) run("tsc", ["--noEmit", "--project", project]);
  run("vitest", ["run", "--root", "bench"]);
  const tasks = ["build", "lint", "typecheck", "test"];
  run("turbo", ["run", ...tasks, "--continue", "--concurrency=2", ...process.argv.slice(2)]);
} finally {
  await stack[Symbol.asyncDispose]();
}

const { passed, failed } = countTests();
// A task that failed without a failed test (a lint error, say) counts as one failure.
const failures = Math.max(failed, failedCommands);
process.stdout.write(`\n${passed} passed, ${failures} failed\n`);
process.exit(failures > 0 || passed === 0 ? 1 : 0);

function run(command: string, args: string[]): void {
  const { status, error } = spawnSync(command, args, {
    cwd: root,
    stdio: "inherit",
    env: { ...process.env, MILLRACE_TEST_RESULTS: results, TURBO_TELEMETRY_DISABLED: "1", DO_NOT_TRACK: "1" },
  });
  if (error) throw error;
  if (status !== 0) failedCommands++;
}

function countTests(): { passed: number; failed: number } {
  let [passed, failed] = [0, 0];
  for (const file of readdirSync(results)) {
    const report = JSON.parse(readFileSync(join(results, file), "utf8"));
    passed += report.numPassedTests;
    // A file that can't even be loaded has no failed test.
    failed += report.success ? 0 : Math.max(1, report.numFailedTests);
  }
  return { passed, failed };
}
