import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isolated } from "@millrace/stack";
import { expect, inject, it } from "vitest";
import { openReadBack } from "../src/read-back.ts";

const holder = join(import.meta.dirname, "fixtures", "pipeline-holder.ts");
const environment = isolated(`signals_${process.pid}`);

it.each(["SIGTERM", "SIGINT", "SIGHUP"] as const)(
  "%s to the parent stops its processes gracefully first",
  async (signal) => {
    const stack = inject("stack");
    const logDirectory = await mkdtemp(join(tmpdir(), "millrace-e2e-"));
    const parent = spawn(
      process.execPath,
      ["--conditions=millrace", holder, logDirectory, JSON.stringify(stack), JSON.stringify(environment)],
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    const [line] = await once(parent.stdout, "data");
    const pids: number[] = JSON.parse(String(line));
    expect(pids.map(isAlive)).toEqual([true, true, true]);

    parent.kill(signal);
    expect(await once(parent, "exit")).toEqual([null, signal]);
    expect(pids.map(isAlive)).toEqual([false, false, false]);
    for (const name of ["ingest-1", "embed-1", "embed-2"]) {
      const log = (await readFile(join(logDirectory, `${name}.log`), "utf8")).trimEnd().split("\n");
      expect(JSON.parse(log.at(-1) ?? "")).toMatchObject({ action: "process.stop", status: "ok" });
    }
    await using readBack = openReadBack({ ...stack, ...environment });
    await readBack.clean();
  },
);

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
