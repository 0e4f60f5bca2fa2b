import { existsSync } from "node:fs";
import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { requireFreeDisk } from "./disk.ts";
import { withLock } from "./lock.ts";
import type { ProgressReporter } from "./progress.ts";

/** The programs of one service, at one version. */
export interface Component {
  title: string;
  /** Names the directory in the cache: a new version or recipe has a new key. */
  key: string;
  /** Parent of that directory: the user's cache, or for PostgreSQL as root a place that other users can read. */
  root: string;
  fill(directory: string, progress: ProgressReporter): Promise<void>;
}

/**
 * The directory of a component, filled on first use. Neither an interruption nor a concurrent install leaves it half
 * full.
 */
export async function install(component: Component, progress: ProgressReporter): Promise<string> {
  const directory = join(component.root, component.key);
  if (existsSync(directory)) return directory;
  // One lock for all components: Maven's own repository is not safe for concurrent Mavens.
  return withLock(join(component.root, "fetch"), async () => {
    if (!existsSync(directory)) await fill(component, directory, progress);
    return directory;
  });
}

async function fill(component: Component, directory: string, progress: ProgressReporter): Promise<void> {
  await requireFreeDisk(component.root);
  await removeUnfinished(component.root);
  const unfinished = join(component.root, `unfinished-${process.pid}-${component.key}`);
  await mkdir(unfinished, { recursive: true });
  const startedAtMs = Date.now();
  progress.line(`${component.title}: fetching into ${component.root} (first use only)`);
  await component.fill(unfinished, progress);
  await rename(unfinished, directory);
  progress.fetched(component.title);
  progress.line(`${component.title}: fetched in ${((Date.now() - startedAtMs) / 1000).toFixed(1)} s`);
}

/** Removes what a killed process left behind; the lock excludes concurrent fetches. */
async function removeUnfinished(root: string): Promise<void> {
  const leftovers = (await readdir(root)).filter((entry) => entry.startsWith("unfinished-"));
  await Promise.all(leftovers.map((entry) => rm(join(root, entry), { recursive: true, force: true })));
}
