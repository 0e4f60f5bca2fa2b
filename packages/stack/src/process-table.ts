import { execFile } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { promisify } from "node:util";

/** A living process as the system sees it. */
export interface RunningProcess {
  pid: number;
  parentPid: number;
  command: string;
  residentBytes: number;
  /** In the system's own terms; together with the pid it identifies a process for good, since pids are reused. */
  startedAt: string;
}

/**
 * The living process with this pid; `undefined` if there is none, or only a zombie, which can neither work nor be
 * killed.
 */
export async function findProcess(pid: number): Promise<RunningProcess | undefined> {
  if (process.platform === "linux") return readProc(pid);
  return (await listByPs(["-p", String(pid)]))[0];
}

export async function childrenOf(pid: number): Promise<number[]> {
  const processes = process.platform === "linux" ? await listProc() : await listByPs(["-A"]);
  return processes.filter((candidate) => candidate.parentPid === pid).map((child) => child.pid);
}

async function listProc(): Promise<RunningProcess[]> {
  const pids = (await readdir("/proc")).filter((entry) => /^\d+$/.test(entry)).map(Number);
  const processes = await Promise.all(pids.map(readProc));
  return processes.filter((candidate) => candidate !== undefined);
}

/** Slim Linux images lack `ps`, so /proc is read (man 5 proc). */
async function readProc(pid: number): Promise<RunningProcess | undefined> {
  try {
    const [status, command, numbers] = await Promise.all([
      readFile(`/proc/${pid}/status`, "utf8"),
      readFile(`/proc/${pid}/cmdline`, "utf8"),
      readFile(`/proc/${pid}/stat`, "utf8"),
    ]);
    const field = (name: string) => new RegExp(`^${name}:\\s*(\\S+)`, "m").exec(status)?.[1] ?? "";
    if (["Z", "X"].includes(field("State"))) return undefined;
    return {
      pid,
      parentPid: Number(field("PPid")),
      command: command.replaceAll("\0", " ").trim(),
      residentBytes: Number(field("VmRSS")) * 1024,
      // The 22nd field, in clock ticks since boot; the 2nd is the program's name, which may contain blanks and
      // parentheses.
      startedAt: numbers.slice(numbers.lastIndexOf(")")).split(" ")[20] ?? "",
    };
  } catch {
    return undefined;
  }
}

async function listByPs(selection: string[]): Promise<RunningProcess[]> {
  try {
    const columns = ["pid=", "ppid=", "rss=", "stat=", "lstart=", "command="].flatMap((column) => ["-o", column]);
    const { stdout } = await promisify(execFile)("ps", ["-ww", ...selection, ...columns], {
      maxBuffer: 16 * 1024 ** 2,
      // The names of months and days depend on the locale.
      env: { ...process.env, LC_ALL: "C" },
    });
    return stdout.split("\n").flatMap(parsePsLine);
  } catch {
    // `ps -p` exits with 1 if there is no such process.
    return [];
  }
}

const psLine = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\S+)\s+(\w+ +\w+ +\d+ +[\d:]+ +\d+)\s+(.*)$/;

export function parsePsLine(line: string): RunningProcess[] {
  const [, pid, parentPid, kibibytes, state, startedAt, command] = psLine.exec(line) ?? [];
  if (command === undefined || startedAt === undefined || state?.startsWith("Z")) return [];
  return [
    { pid: Number(pid), parentPid: Number(parentPid), command, residentBytes: Number(kibibytes) * 1024, startedAt },
  ];
}
