import type { ServiceStatus } from "./stack.ts";

const heading = ["SERVICE", "STATE", "PORT", "PID", "MEMORY", "SINCE"];

export function statusTable(services: readonly ServiceStatus[]): string {
  const rows = [heading, ...services.map(row)];
  const widths = heading.map((_, column) => Math.max(...rows.map((cells) => cells[column]?.length ?? 0)));
  return rows
    .map(
      (cells) =>
        `${cells
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join("  ")
          .trimEnd()}\n`,
    )
    .join("");
}

function row({ title, state, port, pid, residentBytes, startedAt }: ServiceStatus): string[] {
  const memory = residentBytes === undefined ? "-" : `${Math.round(residentBytes / 1024 ** 2)} MiB`;
  return [title, state, String(port ?? "-"), String(pid ?? "-"), memory, startedAt ?? "-"];
}
