import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { text } from "node:stream/consumers";
import { isolated } from "@millrace/stack";
import { expect, test } from "vitest";

const main = resolve(import.meta.dirname, "../src/main.ts");

async function doctor(parameters: readonly string[], environment: Record<string, string>) {
  const command = ["--conditions=millrace", main, "doctor", ...parameters];
  const child = spawn(process.execPath, command, { env: environment, stdio: ["ignore", "pipe", "pipe"] });
  const exit = new Promise<number | null>((done) => child.on("close", done));
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { code: await exit, stdout, stderr };
}

const stack = { ...(process.env as Record<string, string>), ...isolated("doctor"), EMBEDDING_PROVIDER: "local" };

/** A slow machine is no failure. */
const patiently = ["--timeout", "25"];

test("if everything works, the table says so and the exit code is 0", async () => {
  const { code, stdout } = await doctor(patiently, stack);
  expect(stdout).toMatch(/^kafka +✓ .*ms.*\npostgres +✓ .*\nopensearch +✓ .*\nredis +✓ .*\nschema-registry +✓ /m);
  expect(stdout).toMatch(/all processes: everything works/);
  expect(code).toBe(0);
});

test("a failure is shown with its remedy, the other dependencies are still checked, and the exit code is 1", async () => {
  const { code, stdout } = await doctor([...patiently, "--process", "ingest"], { ...stack, REDIS_PORT: "1" });
  expect(stdout).toMatch(/^redis +✓ .* ✗ .* skipped/m);
  expect(stdout).toMatch(/✗ redis: tcp: tcp_refused\n +tried +127\.0\.0\.1:1\n +response +connect ECONNREFUSED/);
  expect(stdout).toMatch(/^kafka +✓ /m);
  expect(stdout).toContain("ingest: 1 of 3 dependencies failed");
  expect(code).toBe(1);
});

test("--json prints the report for programs", async () => {
  const { code, stdout } = await doctor([...patiently, "--json", "--process", "embed"], { ...stack, REDIS_PORT: "1" });
  const report = JSON.parse(stdout);
  expect(report).toMatchObject({ process: "embed", status: "failed" });
  expect(report.dependencies[1]).toMatchObject({ dependency: "redis", failure: { step: "tcp", code: "tcp_refused" } });
  expect(code).toBe(1);
});

test("an invalid configuration is reported at once and in full, with exit code 78", async () => {
  const environment = { ...stack, POSTGRES_PORT: "x", KAFKA_SECURITY: "scram", REDIS_TLS_CA_PATH: "missing.pem" };
  const { code, stderr } = await doctor([], environment);
  expect(stderr).toContain("POSTGRES_PORT is refused");
  expect(code).toBe(78);
  const unreadable = await doctor([], { ...stack, REDIS_TLS: "true", REDIS_TLS_CA_PATH: "missing.pem" });
  expect(unreadable.stderr).toContain("REDIS_TLS_CA_PATH can't be read");
  expect(unreadable.code).toBe(78);
});

const docs = readFileSync(resolve(import.meta.dirname, "../../../docs/aws.md"), "utf8");
const blockAfter = (heading: string, language: string): string => {
  const from = docs.slice(docs.indexOf(heading));
  return new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``).exec(from)?.[1] ?? "";
};
const example = Object.fromEntries(
  blockAfter("For these variables", "properties")
    .trim()
    .split("\n")
    .map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]),
);

test.each([
  ["### ingest", ["--policy", "--process", "ingest"]],
  ["### embed", ["--policy", "--process", "embed"]],
  ["### sink", ["--policy", "--process", "sink"]],
  ["### api", ["--policy", "--process", "api"]],
  ["### cli", ["--policy", "--process", "cli"]],
  ["### Trust policy for IRSA", ["--trust", "irsa"]],
  ["### Trust policy for EKS Pod Identity", ["--trust", "pod-identity"]],
  ["### Data access policy of OpenSearch Serverless", ["--data-access", "--process", "sink"]],
])("the policy of the docs under %o is the one that is printed", async (heading, parameters) => {
  const { code, stdout } = await doctor(parameters, example);
  expect(blockAfter(`${heading}`, "json")).toBe(stdout);
  expect(code).toBe(0);
});
