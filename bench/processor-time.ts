import { readFileSync } from "node:fs";

/** Linux reports processor time in hundredths of a second, whatever its clock is (USER_HZ, proc(5)). */
const MICROSECONDS_PER_TICK = 10_000;

/** The processor time of a process and all its threads since it began: user and system (Linux only). */
export function processorMicroseconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  // The command's name stands in parentheses and may hold spaces; user and system time are fields 14 and 15.
  const [, user, system] = /^\S+ \(.*\)(?: \S+){11} (\d+) (\d+)/s.exec(stat) ?? [];
  return (Number(user) + Number(system)) * MICROSECONDS_PER_TICK;
}
