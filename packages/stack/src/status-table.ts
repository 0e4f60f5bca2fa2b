import type { ServiceStatus } from "./status.ts";
import { textTable } from "./text-table.ts";

const heading = ["SERVICE", "STATE", "PORT", "PID", "MEMORY", "SINCE"];

export function statusTable(services: readonly ServiceStatus[]): string {
  return textTable([heading, ...services.map(row)], "left")
    .map((line) => `${line}\n`)
    .join("");
}

function row({ title, state, port, pid, residentBytes, startedAt }: ServiceStatus): string[] {
  const memory = residentBytes === undefined ? "-" : `${Math.round(residentBytes / 1024 ** 2)} MiB`;
  return [title, state, String(port ?? "-"), String(pid ?? "-"), memory, startedAt ?? "-"];
}
