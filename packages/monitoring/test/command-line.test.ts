import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { expect, test } from "vitest";

const main = resolve(import.meta.dirname, "../src/main.ts");

function monitoring(...parameters: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ["--conditions=millrace", main, ...parameters], {
    encoding: "utf8",
  });
  return { status, stdout, stderr };
}

test("--help lists the options", () => {
  expect(monitoring("--help")).toEqual({ status: 0, stdout: expect.stringContaining("--targets FILE"), stderr: "" });
});

test.each([
  [["--prot", "9090"], /^Unknown option '--prot'/],
  [["--port", "x"], /^x is not a port\./],
  [["--targets", "nowhere.json"], /nowhere\.json does not exist: run npm start first/],
])("%j is refused with the reason, and no stack trace", (parameters, reason) => {
  const { status, stderr } = monitoring(...parameters);
  expect(stderr).toMatch(reason);
  expect(stderr).not.toMatch(/^ {4}at /m);
  expect(status).toBe(1);
});
