import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, test } from "vitest";
import { childrenOf, findProcess, parsePsLine } from "./process-table.ts";

test("finds a living process, but not a dead one", async () => {
  const child = spawn("sleep", ["1234"]);
  const pid = child.pid ?? 0;
  expect(await findProcess(pid)).toMatchObject({ pid, parentPid: process.pid, command: "sleep 1234" });
  expect(await findProcess(pid)).toMatchObject({ startedAt: expect.stringMatching(/\d/) });
  expect(await childrenOf(process.pid)).toContain(pid);
  child.kill();
  await once(child, "exit");
  expect(await findProcess(pid)).toBeUndefined();
});

test("parses the lines of ps and leaves zombies out", () => {
  expect(parsePsLine("  512     1  20480 Ss   Sat Nov  1 22:03:17 2026     redis-server --port 1")).toEqual([
    {
      ...{ pid: 512, parentPid: 1, command: "redis-server --port 1", residentBytes: 20_971_520 },
      startedAt: "Sat Nov  1 22:03:17 2026",
    },
  ]);
  expect(parsePsLine("  513     1      0 Z    Sat Nov  1 22:03:17 2026     (java)")).toEqual([]);
  expect(parsePsLine("")).toEqual([]);
});
