import type { Sample } from "./stall.ts";

/** A line in the form of the faults' lines, with the newest sample. */
export function describeProgress(atMs: number, sample: Sample | undefined): string {
  return `${(atMs / 1_000).toFixed(1).padStart(6)} s  ${sample?.published ?? 0} published, ${sample?.stored ?? 0} stored`;
}

export function every(intervalMs: number, act: () => void): Disposable {
  const timer = setInterval(act, intervalMs);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
