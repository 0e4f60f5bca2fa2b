import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { openLog } from "./log.ts";
import { childrenOf, findProcess, type RunningProcess } from "./process-table.ts";
import type { Launch, Service } from "./service.ts";
import type { State } from "./state.ts";

const STOP_MAX_MS = 20_000;
const KILL_MAX_MS = 10_000;

/**
 * The living process of a service. A pid that now belongs to another program doesn't count: its command line is not
 * ours.
 */
export async function findService(
  service: Service,
  state: State,
  directory: string,
): Promise<RunningProcess | undefined> {
  const recorded = state.processes[service.name];
  const found = recorded && (await findProcess(recorded.pid));
  return found?.command.includes(service.home(directory)) ? found : undefined;
}

/** Starts a service in its own session, so that it outlives this command and its terminal. */
export async function launch(service: Service, { command, ...options }: Launch, directory: string): Promise<number> {
  const log = await openLog(directory, service.name);
  try {
    const child = spawn(command, options.arguments, {
      detached: true,
      stdio: ["ignore", log.fd, log.fd],
      cwd: service.home(directory),
      env: options.environment ?? process.env,
      ...options.user,
    });
    await once(child, "spawn");
    child.unref();
    if (child.pid === undefined) throw new Error(`${command} was started without a process id`);
    return child.pid;
  } finally {
    await log.close();
  }
}

/** Ends a process and its children: with the signal, and if that takes too long, with SIGKILL. */
export async function stop(pid: number, signal: NodeJS.Signals): Promise<void> {
  const family = [pid, ...(await childrenOf(pid))];
  send(pid, signal);
  if (await areGone(family, signal === "SIGKILL" ? KILL_MAX_MS : STOP_MAX_MS)) return;
  for (const member of family) send(member, "SIGKILL");
  if (!(await areGone(family, KILL_MAX_MS))) throw new Error(`process ${pid} does not end, not even by SIGKILL`);
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    // It ended in the meantime.
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}

async function areGone(pids: number[], timeoutMs: number): Promise<boolean> {
  const deadlineMs = Date.now() + timeoutMs;
  while (Date.now() < deadlineMs) {
    const found = await Promise.all(pids.map(findProcess));
    if (found.every((candidate) => candidate === undefined)) return true;
    await sleep(50);
  }
  return false;
}
