import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { type Component, install } from "./cache.ts";
import { plainProgress } from "./progress.ts";

const progress = plainProgress(() => undefined);

async function component(fill: Component["fill"]): Promise<Component> {
  const root = await mkdtemp(join(tmpdir(), "millrace-cache-"));
  onTestFinished(() => rm(root, { recursive: true }));
  return { title: "Example 1", key: "example-1", root, fill };
}

test("concurrent installs fetch once", async () => {
  let fetches = 0;
  const example = await component(async (directory) => {
    fetches++;
    await sleep(50);
    await writeFile(join(directory, "program"), "");
  });
  const directories = await Promise.all([1, 2, 3].map(() => install(example, progress)));
  expect(fetches).toBe(1);
  expect(new Set(directories).size).toBe(1);
  expect(await readdir(directories[0] ?? "")).toEqual(["program"]);
});

test("a failed fetch leaves nothing that counts, and the next one cleans up", async () => {
  const broken = await component(async () => {
    throw new Error("the network is away");
  });
  await expect(install(broken, progress)).rejects.toThrow("the network is away");
  await mkdir(join(broken.root, "unfinished-1-example-1"));
  await install({ ...broken, fill: (directory) => writeFile(join(directory, "program"), "") }, progress);
  expect(await readdir(broken.root)).toEqual(["example-1"]);
});
