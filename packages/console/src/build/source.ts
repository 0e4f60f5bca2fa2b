import { createHash } from "node:crypto";
import { existsSync, globSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

export const packageDirectory = resolve(import.meta.dirname, "..", "..");
export const pageSource = join(packageDirectory, "src", "page");
export const built = join(packageDirectory, "dist", "page");
/** Beside the built files: the hash of their source. */
export const STAMP = "source.sha256";

/** A hash of everything that the built page depends on. */
export function hashSource(): string {
  const hash = createHash("sha256");
  const files = globSync(["package.json", "src/**/*.*"], { cwd: packageDirectory });
  for (const file of files.filter((name) => !name.includes(".test.")).sort()) {
    hash.update(`${file}\0`).update(readFileSync(join(packageDirectory, file)));
  }
  return hash.digest("hex");
}

export function isBuilt(hash: string): boolean {
  const stamp = join(built, STAMP);
  return existsSync(stamp) && readFileSync(stamp, "utf8") === hash;
}
