import { cp, mkdir, readdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { built, STAMP } from "./source.ts";

/**
 * Builds beside the current page, then replaces it file by file, index.html last: readers always find a complete page,
 * and concurrent builds of the same source don't conflict.
 */
export async function publishBuild(hash: string, build: (directory: string) => Promise<void>): Promise<void> {
  const staging = join(dirname(built), `page-${process.pid}`);
  try {
    await build(staging);
    await mkdir(join(built, "assets"), { recursive: true });
    await cp(join(staging, "assets"), join(built, "assets"), { recursive: true });
    await rename(join(staging, "index.html"), join(built, "index.html"));
    await writeFile(join(built, STAMP), hash);
    const current = new Set(await readdir(join(staging, "assets")));
    for (const name of await readdir(join(built, "assets"))) {
      if (!current.has(name)) await rm(join(built, "assets", name), { force: true });
    }
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}
