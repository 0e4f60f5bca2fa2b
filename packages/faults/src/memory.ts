import { readFile } from "node:fs/promises";
import type { PipelineProcess, ProcessName } from "@millrace/stack";

const LOOK_INTERVAL_MS = 1_000;

/** The highest resident memory of any process of a kind, in bytes, as the kernel kept it (`VmHWM`; Linux only). */
export function watchMemory(
  processes: () => readonly PipelineProcess[],
): Disposable & { peaks: Map<ProcessName, number>; stop(): void } {
  const peaks = new Map<ProcessName, number>();
  const look = (): void => {
    for (const { name, pid } of processes()) {
      void peakOf(pid).then((bytes) => peaks.set(name, Math.max(bytes, peaks.get(name) ?? 0)));
    }
  };
  const timer = setInterval(look, LOOK_INTERVAL_MS);
  const stop = (): void => clearInterval(timer);
  return { peaks, stop, [Symbol.dispose]: stop };
}

async function peakOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  const [, kilobytes] = /^VmHWM:\s+(\d+) kB$/m.exec(status) ?? [];
  return Number(kilobytes ?? 0) * 1024;
}
