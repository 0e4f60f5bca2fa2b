import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { packageDirectory } from "./directories.ts";
import { HOST } from "./environment.ts";
import { StackError } from "./errors.ts";
import { reasonsToWait } from "./waiting.ts";

export const processNames = ["ingest", "embed", "sink", "api"] as const;
export type ProcessName = (typeof processNames)[number];

const READY_MAX_MS = 60_000;
/** How long a wait may last before its reason is reported, and how often a new reason is looked for. */
const WAIT_UNTOLD_MS = 5_000;
const WAIT_TOLD_INTERVAL_MS = 1_000;
/** Longer than a process's own SHUTDOWN_TIMEOUT_MS (25 s) and the 3 s that it adds. */
const STOP_MAX_MS = 30_000;
const QUOTED_LINES = 8;

/** How a process ended: one of the two is set. */
export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

export interface PipelineProcess {
  name: ProcessName;
  /** 1 for the first of its kind. */
  index: number;
  pid: number;
  port: number;
  /** The file of its JSON lines. */
  log: string;
  /** Sends any signal, including SIGSTOP and SIGCONT; does nothing if the process has ended. */
  kill(signal: NodeJS.Signals): void;
  exited: Promise<Exit>;
}

export interface Launched {
  name: ProcessName;
  index: number;
  port: number;
  logDirectory: string;
  environment: NodeJS.ProcessEnv;
  /** Runs the output of `pnpm run build`, as the images do, instead of the sources. */
  built: boolean;
}

/**
 * As in the Dockerfile, with the figures in docs/performance.md. Messages and vectors are outside V8's heap: frequent
 * collections of the young generation free most of them, and the old generation may double between its own collections,
 * which otherwise came with every second batch and took half of the CPU. Code that runs seldom is compiled once instead
 * of twice.
 */
const nodeOptions = [
  "--max-old-space-size=192",
  "--max-semi-space-size=2",
  "--heap-growing-percent=100",
  "--external-memory-accounted-in-global-limit",
  "--invocation-count-for-turbofan=20000",
];
/** glibc returns the memory of large buffers at once, instead of keeping it for each thread. */
const allocatorSettings = { MALLOC_ARENA_MAX: "2", MALLOC_MMAP_THRESHOLD_: "262144" };

/** Starts a process. It appends to the log of an earlier process of the same name and index. */
export function launchProcess({ name, index, port, logDirectory, environment, built }: Launched): PipelineProcess {
  const log = join(logDirectory, `${name}-${index}.log`);
  const directory = resolve(packageDirectory, "..", name);
  const entry = built ? join(directory, "dist", "main.js") : join(directory, "src", "main.ts");
  const output = openSync(log, "a");
  const child = spawn(process.execPath, [...nodeOptions, ...(built ? [] : ["--conditions=millrace"]), entry], {
    // Its own process group: otherwise the terminal's Ctrl-C would reach it in addition to the parent's signal, and a
    // second signal cuts the orderly stop short.
    detached: true,
    stdio: ["ignore", output, output],
    env: { ...allocatorSettings, ...environment, HOST, PORT: String(port) },
  });
  closeSync(output);
  const { promise: exited, resolve: onExit } = Promise.withResolvers<Exit>();
  child.once("exit", (code, signal) => onExit({ code, signal }));
  // A failed start shows in the missing pid below; without a listener it would end this process.
  child.on("error", () => undefined);
  if (child.pid === undefined) throw new StackError(`Could not start ${name} from ${entry}.`);
  return { name, index, pid: child.pid, port, log, kill: (signal) => void child.kill(signal), exited };
}

/**
 * Waits until the process reports that it reached all its dependencies; calls `onWaiting` with what it is waiting for.
 */
export async function untilReady(process: PipelineProcess, onWaiting: (reason: string) => void): Promise<void> {
  const startedAtMs = Date.now();
  let tellAtMs = startedAtMs + WAIT_UNTOLD_MS;
  let exit: Exit | undefined;
  void process.exited.then((ended) => {
    exit = ended;
  });
  let answer: string | undefined;
  while (Date.now() < startedAtMs + READY_MAX_MS) {
    answer = await readiness(process.port);
    // Check this first, since another program may answer on the port.
    if (exit) throw await startFailure(process, `exited with ${exit.signal ?? `code ${exit.code}`}`);
    if (answer === "ready") return;
    if (answer !== undefined && Date.now() >= tellAtMs) {
      for (const reason of await reasonsToWait(process.log, answer)) onWaiting(reason);
      tellAtMs = Date.now() + WAIT_TOLD_INTERVAL_MS;
    }
    await sleep(50);
  }
  const reasons = await reasonsToWait(process.log, answer);
  throw await startFailure(process, `was not ready within ${READY_MAX_MS / 1000} s, waiting for ${reasons.join("; ")}`);
}

/** Requests an orderly stop and waits for it; kills the process if it takes too long. */
export async function stopProcess(process: PipelineProcess): Promise<Exit> {
  process.kill("SIGTERM");
  const killer = setTimeout(() => process.kill("SIGKILL"), STOP_MAX_MS);
  try {
    return await process.exited;
  } finally {
    clearTimeout(killer);
  }
}

/** `undefined` if nothing listens yet. */
async function readiness(port: number): Promise<string | undefined> {
  try {
    const response = await fetch(`http://${HOST}:${port}/health/ready`, { signal: AbortSignal.timeout(5_000) });
    return response.ok ? "ready" : await response.text();
  } catch {
    return undefined;
  }
}

async function startFailure({ name, log }: PipelineProcess, what: string): Promise<StackError> {
  const lines = (await readFile(log, "utf8")).trimEnd().split("\n").slice(-QUOTED_LINES);
  return new StackError(
    `${name} ${what}. The last lines of its log, ${log}:\n${lines.map((line) => `  ${line}`).join("\n")}`,
  );
}
