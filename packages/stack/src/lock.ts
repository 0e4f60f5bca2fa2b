import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import lockfile from "proper-lockfile";
import { StackError } from "./errors.ts";

/** A lock whose holder died is free after this time. */
const STALE_MS = 15_000;
const RETRY_MS = 200;
/** A first start fetches some 100 MB while others wait for it. */
const WAIT_MAX_MS = 15 * 60_000;

/** Runs `work` while no other process runs work under the same path. */
export async function withLock<Result>(path: string, work: () => Promise<Result>): Promise<Result> {
  await mkdir(dirname(path), { recursive: true });
  const release = await acquire(path);
  try {
    return await work();
  } finally {
    // A lock lost while the machine slept has nothing left to release.
    await release().catch(() => undefined);
  }
}

async function acquire(path: string): Promise<() => Promise<void>> {
  try {
    return await lockfile.lock(path, {
      realpath: false,
      stale: STALE_MS,
      retries: { retries: WAIT_MAX_MS / RETRY_MS, factor: 1, minTimeout: RETRY_MS, maxTimeout: RETRY_MS },
      onCompromised: (error) => process.stderr.write(`The lock ${path}.lock was lost: ${error.message}\n`),
    });
  } catch (error) {
    if (!(error instanceof Error) || !("code" in error) || error.code !== "ELOCKED") throw error;
    throw new StackError(
      `Another process has held ${path}.lock for ${WAIT_MAX_MS / 60_000} minutes: wait for it or stop it, then try again.`,
    );
  }
}
