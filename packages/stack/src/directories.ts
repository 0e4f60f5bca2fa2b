import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { chmod, mkdir } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { StackError } from "./errors.ts";

/** This package's directory: `java/` is in it, beside `src/` and `dist/`. */
export const packageDirectory = resolve(import.meta.dirname, "..");

export const DEFAULT_STACK = "default";

/** A stack's state, data and logs; ignored by git. */
export function stackDirectory(name: string): string {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(name)) {
    throw new StackError(
      `"${name}" is not a valid stack name: use up to 64 letters, digits, dots, dashes and underscores.`,
    );
  }
  return join(stateRoot(), name);
}

/** The option that selects a stack on a command line; empty for the default one. */
export function nameOption(name = DEFAULT_STACK): string {
  return name === DEFAULT_STACK ? "" : ` --name ${name}`;
}

/** Within a stack's directory: the logs of the pipeline that `npm start` runs on it. */
export function pipelineDirectory(directory: string): string {
  return join(directory, "logs", "pipeline");
}

/** Programs fetched once per user, shared by all checkouts. */
export function cacheDirectory(): string {
  if (process.env.MILLRACE_CACHE_DIR) return resolve(process.env.MILLRACE_CACHE_DIR);
  return join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "millrace");
}

export const isRoot = process.getuid?.() === 0;

/**
 * As root, PostgreSQL runs as another user, who may not be allowed to enter root's home or a temporary checkout. Its
 * programs and data are therefore kept here, where only root can write and every user can enter.
 */
const rootPostgresDirectory = "/var/lib/millrace/postgres";
const programsRoot = join(rootPostgresDirectory, "programs");
export const rootPostgresDataDirectory = join(rootPostgresDirectory, "data");

/** Made accessible whatever the umask: PostgreSQL's user must reach its own directory below. */
export async function openRootPostgresDirectory(): Promise<void> {
  for (const directory of [
    dirname(rootPostgresDirectory),
    rootPostgresDirectory,
    programsRoot,
    rootPostgresDataDirectory,
  ]) {
    await mkdir(directory, { recursive: true });
    await chmod(directory, 0o755);
  }
}

export function postgresProgramsRoot(): string {
  return isRoot ? programsRoot : cacheDirectory();
}

export function postgresDirectory(directory: string): string {
  if (!isRoot) return join(directory, "postgres");
  const key = createHash("sha256").update(directory).digest("hex").slice(0, 16);
  return join(rootPostgresDataDirectory, key);
}

function stateRoot(): string {
  if (process.env.MILLRACE_STATE_DIR) return resolve(process.env.MILLRACE_STATE_DIR);
  return join(repositoryRoot(packageDirectory), ".millrace");
}

function repositoryRoot(directory: string): string {
  if (existsSync(join(directory, "pnpm-workspace.yaml"))) return directory;
  const parent = dirname(directory);
  return parent === directory ? process.cwd() : repositoryRoot(parent);
}
