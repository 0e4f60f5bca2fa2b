import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { reasonsToWait } from "./waiting.ts";

const answer = JSON.stringify({
  dependencies: {
    kafka: { state: "working" },
    redis: { state: "waiting", cause: "no connection" },
    "kafka.consume": { state: "waiting" },
  },
});
const check = (dependency: string, status: string, details: object = {}) =>
  JSON.stringify({ action: "doctor.check", status, details: { dependency, ...details } });

async function reasons(lines: string[], said: string | undefined): Promise<string[]> {
  const log = join(await mkdtemp(join(tmpdir(), "millrace-waiting-")), "embed-1.log");
  await writeFile(log, lines.join("\n"));
  return reasonsToWait(log, said);
}

test("reports what a process is waiting for, and the remedy once its own checks know it", async () => {
  expect(await reasons([], undefined)).toEqual(["an answer"]);
  expect(await reasons(["Error: no JSON", check("kafka", "ok")], answer)).toEqual([
    "redis: no connection",
    "kafka.consume",
  ]);
  const failed = check("redis", "failed", { cause: "nothing within 3000 ms", remedy: "Check REDIS_TLS." });
  expect(await reasons([check("kafka", "failed"), failed, check("kafka", "ok")], answer)).toEqual([
    "redis: nothing within 3000 ms. Check REDIS_TLS.",
  ]);
});
