import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { ORIGIN_FILE, removeOrphanedData } from "./postgres-orphans.ts";

test("removes the data of a deleted stack, and keeps all others", async () => {
  const root = await mkdtemp(join(tmpdir(), "millrace-orphans-"));
  onTestFinished(() => rm(root, { recursive: true }));
  for (const name of ["deleted", "kept", "unfinished"]) await mkdir(join(root, name));
  await writeFile(join(root, "deleted", ORIGIN_FILE), join(root, "no-such-stack"));
  await writeFile(join(root, "kept", ORIGIN_FILE), root);
  await removeOrphanedData(root);
  expect((await readdir(root)).sort()).toEqual(["kept", "unfinished"]);
});
