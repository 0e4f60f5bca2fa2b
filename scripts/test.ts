// The full check: builds, lints, type-checks and tests every package, on real services.
//   npm test                      everything
//   npm test -- --filter=…        the packages of turbo's filter, such as --filter=@millrace/sink
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { lease } from "@millrace/stack";

const root = resolve(import.meta.dirname, "..");
const results = join(root, ".millrace", "test-results");
rmSync(results, { recursive: true, force: true });
mkdirSync(results, { recursive: true });

// Leased for the whole run, so that the packages' suites share one stack.
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
  for (const project of ["scripts", "bench", "load/k6"]) run("tsc", ["--noEmit", "--project", project]);
  for (const folder of ["scripts", "bench"]) run("vitest", ["run"], folder);
  const tasks = ["build", "lint", "typecheck", "test"];
  run("turbo", ["run", ...tasks, "--continue", "--concurrency=2", ...process.argv.slice(2)]);
} finally {
  await stack[Symbol.asyncDispose]();
}

const { passed, failed } = readResults();
for (const failure of failed) process.stdout.write(`\nfailed: ${failure}\n`);
// A task that fails without a failed test, such as a lint error, counts as one failure.
const failures = Math.max(failed.length, failedCommands);
process.stdout.write(`\n${passed} passed, ${failures} failed\n`);
process.exit(failures > 0 || passed === 0 ? 1 : 0);

/** Runs in `folder`, which names vitest's report. */
function run(command: string, args: string[], folder = "."): void {
  const { status, error } = spawnSync(command, args, {
    cwd: join(root, folder),
    stdio: "inherit",
    env: { ...process.env, MILLRACE_TEST_RESULTS: results, TURBO_TELEMETRY_DISABLED: "1", DO_NOT_TRACK: "1" },
  });
  if (error) throw error;
  if (status !== 0) failedCommands++;
}

/** Reads vitest's JSON reports: the number of passed tests, and each failure with its location and first lines. */
function readResults(): { passed: number; failed: string[] } {
  let passed = 0;
  const failed: string[] = [];
  for (const report of readdirSync(results)) {
    const { numPassedTests, success, testResults } = JSON.parse(readFileSync(join(results, report), "utf8"));
    passed += numPassedTests;
    if (success) continue;
    const before = failed.length;
    for (const file of testResults) {
      const where = relative(root, file.name);
      const tests = file.assertionResults.filter(({ status }: { status: string }) => status === "failed");
      for (const { fullName, failureMessages } of tests) {
        failed.push(`${where}: ${fullName}\n${firstLines(failureMessages.join("\n"))}`);
      }
      // A file that can't even be loaded has no failed test.
      if (file.status === "failed" && tests.length === 0) failed.push(`${where}\n${firstLines(file.message)}`);
    }
    if (failed.length === before) failed.push(`${report}: the run failed without a failed test`);
  }
  return { passed, failed };
}

function firstLines(message: string): string {
  return message.split("\n").slice(0, 12).join("\n");
}
