import { readFileSync } from "node:fs";

/** Linux reports processor time in hundredths of a second, whatever its clock is (USER_HZ, proc(5)). */
const MICROSECONDS_PER_TICK = 10_000;

/**
 * The processor time of a process since it began, user and system, with all its threads and children: PostgreSQL is a
 * process for each connection (Linux only).
 */
export function processorMicroseconds(pid: number): number {
  const [user, system, endedUser, endedSystem] = processorTicks(pid);
  const children = childrenOf(pid).map((child) => processorTicks(child));
  const living = children.reduce((sum, [childUser, childSystem]) => sum + childUser + childSystem, user + system);
  return (living + endedUser + endedSystem) * MICROSECONDS_PER_TICK;
}

/** The most memory that a process ever had, in bytes, as the kernel kept it (`VmHWM`; Linux only); 0 once it has ended. */
export function peakResidentBytes(pid: number): number {
  const [, kilobytes = 0] = /^VmHWM:\s+(\d+) kB$/m.exec(readOrNothing(`/proc/${pid}/status`)) ?? [];
  return Number(kilobytes) * 1_024;
}

/** Its own, and of its children that have ended. */
function processorTicks(pid: number): [user: number, system: number, endedUser: number, endedSystem: number] {
  // The command's name stands in parentheses and may hold spaces; the times are fields 14 to 17.
  const fields = /^\S+ \(.*\)(?: \S+){11} (\d+) (\d+) (\d+) (\d+)/s.exec(readOrNothing(`/proc/${pid}/stat`)) ?? [];
  const [, user = 0, system = 0, endedUser = 0, endedSystem = 0] = fields.map(Number);
  return [user, system, endedUser, endedSystem];
}

function childrenOf(pid: number): number[] {
  return readOrNothing(`/proc/${pid}/task/${pid}/children`).trim().split(" ").filter(Boolean).map(Number);
}

/** A process may end at any time. */
function readOrNothing(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
