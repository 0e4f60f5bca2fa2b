import { spawn } from "node:child_process";
import { resolve } from "node:path";
import { isolated } from "@millrace/stack";

const entry = resolve(import.meta.dirname, "../src/main.ts");

export interface Finished {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs the command as a user would, in its own process group, as a terminal does. */
export function millrace(parameters: readonly string[], suffix: string, environment: NodeJS.ProcessEnv = {}) {
  const child = spawn(process.execPath, ["--conditions=millrace", entry, ...parameters], {
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...isolated(suffix), EMBEDDING_PROVIDER: "local", ...environment },
  });
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const finished = new Promise<Finished>((done) => child.on("close", (code) => done({ code, stdout, stderr })));
  return {
    finished,
    stderr: () => stderr,
    /** Like Ctrl-C: the signal goes to every process of the group. */
    interrupt: () => process.kill(-(child.pid ?? 0), "SIGINT"),
    terminate: () => child.kill("SIGTERM"),
    /** Like a system that is out of memory. */
    kill: () => child.kill("SIGKILL"),
  };
}
