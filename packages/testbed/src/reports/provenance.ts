import { execFileSync } from "node:child_process";
import { availableParallelism, totalmem } from "node:os";

const GIGABYTE = 1_024 ** 3;

/** Where a measurement comes from. */
export interface Provenance {
  /** The short hash of the commit that was measured. */
  commit: string;
  /** Whether the measured paths had uncommitted changes. */
  dirty: boolean;
  /** The day of the measurement, UTC. */
  date: string;
  machine: string;
}

/** @param paths that are measured: only their changes count as uncommitted, since a report changes the documents itself */
export function provenanceOf(root: string, paths: readonly string[]): Provenance {
  const git = (...args: string[]): string => execFileSync("git", args, { cwd: root, encoding: "utf8" }).trim();
  return {
    commit: git("rev-parse", "--short", "HEAD"),
    dirty: git("status", "--porcelain", "--", ...paths) !== "",
    date: new Date().toISOString().slice(0, 10),
    machine: `${availableParallelism()} cores, ${Math.round(totalmem() / GIGABYTE)} GB of memory`,
  };
}
