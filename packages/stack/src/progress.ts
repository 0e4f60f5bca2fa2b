import { Presets, SingleBar } from "cli-progress";

/** Reports what happens, in words for people. */
export interface ProgressReporter {
  line(text: string): void;
  /** Called often while a component is fetched; the total is an estimate. */
  fetching(component: string, bytes: number, totalBytes: number): void;
  fetched(component: string): void;
}

const PLAIN_INTERVAL_MS = 5_000;

/** Plain lines for logs and libraries: one every few seconds of fetching. */
export function plainProgress(print: (line: string) => void): ProgressReporter {
  let spokenAtMs = Date.now();
  return {
    line: print,
    fetching(component, bytes, totalBytes) {
      if (bytes === 0 || Date.now() - spokenAtMs < PLAIN_INTERVAL_MS) return;
      spokenAtMs = Date.now();
      print(`${component}: ${megabytes(bytes)} of about ${megabytes(totalBytes)} MB fetched`);
    },
    fetched: () => undefined,
  };
}

/** A bar on the terminal. Components are fetched one after the other, so one bar is enough. */
export function terminalProgress(): ProgressReporter {
  let bar: SingleBar | undefined;
  const format = "{component} [{bar}] {value}/{total} MB | {duration_formatted}";
  return {
    line(text) {
      bar?.stop();
      bar = undefined;
      process.stderr.write(`${text}\n`);
    },
    fetching(component, bytes, totalBytes) {
      if (!bar) {
        bar = new SingleBar({ format, stream: process.stderr, hideCursor: true }, Presets.shades_classic);
        bar.start(megabytes(totalBytes), 0, { component });
      }
      bar.update(Math.min(megabytes(bytes), megabytes(totalBytes)), { component });
    },
    fetched() {
      bar?.update(bar.getTotal());
      bar?.stop();
      bar = undefined;
    },
  };
}

function megabytes(bytes: number): number {
  return Math.round(bytes / 1e6);
}
