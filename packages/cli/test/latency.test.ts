import { spawnSync } from "node:child_process";
import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { expect, it } from "vitest";

const entry = resolve(import.meta.dirname, "../src/main.ts");

function latency(parameters: readonly string[], input = "") {
  const command = ["--conditions=millrace", entry, "latency", ...parameters];
  const { status, stdout, stderr } = spawnSync(process.execPath, command, { input, encoding: "utf8" });
  return { status, stdout, stderr };
}

const lines = Array.from({ length: 100 }, (_, index) => {
  const time = new Date(Date.parse("2026-01-31T12:00:00Z") + index * 100).toISOString();
  return JSON.stringify({ time, service: "embed", action: "embed.request", status: "ok", durationMs: index + 1 });
});

it("reads a pipe of prefixed lines, including damaged ones", () => {
  const piped = lines.map((line) => `[pod/millrace-embed-0/embed] ${line}\n`);
  const { status, stdout } = latency(["--json"], ['embed-1 | {"level":"in\n', ...piped].join(""));
  expect(status).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    lines: { operations: 100, damaged: 1 },
    operations: [
      { stage: "embed", operation: "embed.request", count: 100, ratePerS: expect.closeTo(10.1, 1), maxMs: 100 },
    ],
  });
});

it("adds up files within a range of time, and writes the page beside the table", async () => {
  const directory = await mkdtemp(join(tmpdir(), "millrace-cli-"));
  const files = ["one.log", "other.log"].map((name) => join(directory, name));
  for (const file of files) await writeFile(file, `${lines.join("\n")}\n`);
  const page = join(directory, "latency.html");
  const { status, stdout } = latency([...files, "--since", "2026-01-31T12:00:05Z", "--html", page]);
  expect(status).toBe(0);
  expect(stdout).toMatch(/embed +embed\.request +100 /);
  expect(stdout).toContain("100 outside the time");
  expect(await readFile(page, "utf8")).toContain("embed.request");
});

it("reports an error in one sentence", () => {
  const { status, stderr } = latency(["nowhere.log"]);
  expect({ status, stderr }).toEqual({
    status: 1,
    stderr: "Can't read nowhere.log (ENOENT): pass the paths of log files, or - for standard input.\n",
  });
  expect(latency(["--json"], "# Millrace\nno log at all\n")).toEqual({
    status: 1,
    stdout: "",
    stderr: "Found no operations: pass the logs of api, ingest, embed and sink.\n",
  });
});
