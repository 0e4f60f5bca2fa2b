import { execFile } from "node:child_process";
import { resolve } from "node:path";
import { promisify } from "node:util";

const entry = resolve(import.meta.dirname, "..", "..", "cli", "src", "main.ts");

export interface CommandResult {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs the `millrace` command as a user would, with these variables. */
export async function millrace(
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<CommandResult> {
  const run = promisify(execFile)(process.execPath, ["--conditions=millrace", entry, ...args], {
    env: { ...process.env, ...environment },
    timeout: 120_000,
  });
  return run.then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    ({ code, stdout, stderr }) => ({ code: Number(code), stdout, stderr }),
  );
}
