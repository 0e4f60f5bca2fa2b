import type { PipelineProcess, ProcessName } from "@millrace/stack";
import { peakResidentBytes } from "@millrace/testbed";

const LOOK_INTERVAL_MS = 1_000;

/** Peak resident memory of any process per kind, in bytes, as tracked by the kernel (`VmHWM`; Linux only). */
export function watchMemory(
  processes: () => readonly PipelineProcess[],
): Disposable & { peaks: Map<ProcessName, number>; stop(): void } {
  const peaks = new Map<ProcessName, number>();
  const look = (): void => {
    for (const { name, pid } of processes()) {
      peaks.set(name, Math.max(peakResidentBytes(pid), peaks.get(name) ?? 0));
    }
  };
  const timer = setInterval(look, LOOK_INTERVAL_MS);
  const stop = (): void => clearInterval(timer);
  return { peaks, stop, [Symbol.dispose]: stop };
}
