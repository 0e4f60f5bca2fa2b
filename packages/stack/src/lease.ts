import { randomUUID } from "node:crypto";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { DEFAULT_STACK, nameOption, stackDirectory } from "./directories.ts";
import { withLock } from "./lock.ts";
import { findProcess } from "./process-table.ts";
import { plainProgress } from "./progress.ts";
import { bringUpLocked, type Stack, type StackOptions, takeDownLocked } from "./stack.ts";
import { readState } from "./state.ts";

/** The command line distinguishes the holder from a later program with the same pid. */
const leaseSchema = z.object({ pid: z.int().positive(), command: z.string() });

/**
 * Starts the stack if needed and keeps it up while any lease is held. Releasing the last lease stops the stack, but
 * only if a lease started it: a stack that the user started stays up.
 */
export async function lease(options: StackOptions = {}): Promise<Stack & AsyncDisposable> {
  const directory = stackDirectory(options.name ?? DEFAULT_STACK);
  const file = join(directory, "leases", `${process.pid}-${randomUUID()}.json`);
  const stack = await withLock(directory, async () => {
    await mkdir(join(directory, "leases"), { recursive: true });
    await writeFile(
      file,
      JSON.stringify({ pid: process.pid, command: (await findProcess(process.pid))?.command ?? "" }),
    );
    try {
      return await bringUpLocked(options, directory, plainProgress(options.onProgress ?? (() => undefined)), "lease");
    } catch (error) {
      await releaseLocked(file, directory, options);
      throw error;
    }
  });
  return {
    ...stack,
    [Symbol.asyncDispose]: () => withLock(directory, () => releaseLocked(file, directory, options)),
  };
}

async function releaseLocked(file: string, directory: string, options: StackOptions): Promise<void> {
  await rm(file, { force: true });
  if ((await livingLeases(directory)) > 0) return;
  const { broughtUpBy } = await readState(directory);
  if (broughtUpBy === "lease") return takeDownLocked(directory, options.onProgress);
  options.onProgress?.(
    `The stack was already up and stays up; stop it with \`npm run stack -- down${nameOption(options.name)}\`.`,
  );
}

/** Counts the leases of living processes and removes the others. */
async function livingLeases(directory: string): Promise<number> {
  const folder = join(directory, "leases");
  const files = await readdir(folder).catch(() => []);
  let living = 0;
  for (const file of files) {
    if (await isHeld(join(folder, file))) living++;
    else await rm(join(folder, file), { force: true });
  }
  return living;
}

async function isHeld(file: string): Promise<boolean> {
  const lease = leaseSchema.safeParse(JSON.parse(await readFile(file, "utf8").catch(() => "null")));
  if (!lease.success) return false;
  return (await findProcess(lease.data.pid))?.command === lease.data.command;
}
