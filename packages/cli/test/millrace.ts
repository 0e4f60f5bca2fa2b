import { spawn } from "node:child_process";
import { resolve } from "node:path";
import { isolated } from "@millrace/stack";

const entry = resolve(import.meta.dirname, "../src/main.ts");

export interface Finished {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs the command as a user would, in a process group of its own, as a terminal gives one to it. */
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
    /** What Ctrl-C does: the signal goes to all processes of the group. */
    interrupt: () => process.kill(-(child.pid ?? 0), "SIGINT"),
    terminate: () => child.kill("SIGTERM"),
    /** What the system does that has no memory left. */
    kill: () => child.kill("SIGKILL"),
  };
}
