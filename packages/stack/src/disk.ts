import { mkdir, statfs } from "node:fs/promises";
import { StackError } from "./errors.ts";

export const DISK_FREE_MIN_BYTES = 2 * 1024 ** 3;

/** Refuses before anything is fetched or started: a disk that fills up later damages data. */
export async function requireFreeDisk(directory: string, minimumBytes = DISK_FREE_MIN_BYTES): Promise<void> {
  await mkdir(directory, { recursive: true });
  const { bavail, bsize } = await statfs(directory);
  const freeBytes = bavail * bsize;
  if (freeBytes >= minimumBytes) return;
  throw new StackError(
    `Only ${gibibytes(freeBytes)} GiB are free on the disk of ${directory}, but the stack needs ${gibibytes(minimumBytes)} GiB: ` +
      "free some space, or set MILLRACE_CACHE_DIR and MILLRACE_STATE_DIR to directories on another disk.",
  );
}

function gibibytes(bytes: number): string {
  return (bytes / 1024 ** 3).toFixed(1);
}
