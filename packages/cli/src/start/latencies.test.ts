import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { readLatencies } from "./latencies.ts";

it("reads the durations of what went well, over several logs, and passes over all other lines", async () => {
  const directory = await mkdtemp(join(tmpdir(), "millrace-cli-"));
  const line = (action: string, status: string, durationMs: number) =>
    `${JSON.stringify({ action, status, durationMs })}\n`;
  const [one, other] = [join(directory, "one.log"), join(directory, "other.log")];
  await writeFile(one, `not JSON\n${line("sink.batch", "ok", 10)}${line("sink.batch", "retry", 5_000)}`);
  await writeFile(other, line("sink.batch", "ok", 20) + line("process.stop", "ok", 9) + line("ingest.pack", "ok", 1));
  const latencies = await readLatencies([one, other]);
  expect([...latencies.keys()]).toEqual(["ingest.pack", "sink.batch"]);
  expect(latencies.get("sink.batch")).toMatchObject({
    count: 2,
    p50Ms: expect.closeTo(10, 1),
    maxMs: expect.closeTo(20, 1),
  });
});
