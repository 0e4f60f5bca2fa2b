import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { StackError } from "./errors.ts";

interface ToolOptions {
  uid?: number;
  gid?: number;
  cwd?: string;
  env?: NodeJS.ProcessEnv;
}

/** Runs a program to its end; if it fails, the error quotes its output. */
export async function runTool(
  purpose: string,
  command: string,
  args: string[],
  options: ToolOptions = {},
): Promise<void> {
  try {
    await promisify(execFile)(command, args, options);
  } catch (error) {
    const said = error instanceof Error && "stderr" in error ? String(error.stderr).trim() : "";
    const end = (said || String(error)).split("\n").slice(-8).join("\n");
    throw new StackError(`${purpose} failed:\n${end.replace(/^/gm, "  ")}`);
  }
}
