import { readFileSync } from "node:fs";

/** Linux reports processor time in hundredths of a second, whatever its clock (USER_HZ, proc(5)). */
const MICROSECONDS_PER_TICK = 10_000;

/**
 * The user and system time of a process since it started, with all its threads and children: PostgreSQL has a process
 * per connection (Linux only).
 */
export function processorMicroseconds(pid: number): number {
  const [user, system, endedUser, endedSystem] = processorTicks(pid);
  const children = childrenOf(pid).map((child) => processorTicks(child));
  const living = children.reduce((sum, [childUser, childSystem]) => sum + childUser + childSystem, user + system);
  return (living + endedUser + endedSystem) * MICROSECONDS_PER_TICK;
}

/** The peak resident memory of a process in bytes, from the kernel (`VmHWM`; Linux only); 0 once it has ended. */
export function peakResidentBytes(pid: number): number {
  const [, kilobytes = 0] = /^VmHWM:\s+(\d+) kB$/m.exec(readOrNothing(`/proc/${pid}/status`)) ?? [];
  return Number(kilobytes) * 1_024;
}

/** Its own ticks, and those of its finished children. */
function processorTicks(pid: number): [user: number, system: number, endedUser: number, endedSystem: number] {
  // The command's name is in parentheses and may contain spaces; the times are fields 14 to 17.
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
