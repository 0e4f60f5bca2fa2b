import { execFile } from "node:child_process";
import { join, resolve } from "node:path";

const packageDirectory = resolve(import.meta.dirname, "..");

export interface Outcome {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs a TypeScript file of this package in its own process. */
export function run(file: string, args: string[], environment: NodeJS.ProcessEnv = {}): Promise<Outcome> {
  const options = { env: { ...process.env, ...environment }, cwd: packageDirectory };
  return execute(process.execPath, ["--conditions=millrace", join(packageDirectory, file), ...args], options);
}

/** Runs Vitest on its own directory. */
export function runVitest(root: string, environment: NodeJS.ProcessEnv): Promise<Outcome> {
  const options = { env: { ...process.env, ...environment }, cwd: packageDirectory };
  const vitest = join(import.meta.resolve("vitest/package.json").replace("file://", ""), "..", "vitest.mjs");
  return execute(process.execPath, [vitest, "run", "--root", root], options);
}

async function execute(
  command: string,
  args: string[],
  options: { env: NodeJS.ProcessEnv; cwd: string },
): Promise<Outcome> {
  const { promise, resolve } = Promise.withResolvers<Outcome>();
  execFile(command, args, options, (error, stdout, stderr) => {
    resolve({ code: error ? Number(error.code ?? 1) : 0, stdout, stderr });
  });
  return promise;
}
