import { Presets, SingleBar } from "cli-progress";
import type { Measurements } from "./measure.ts";

export interface LoadProgress {
  update(measurements: Measurements): void;
  /** Ends the display and leaves its last state visible. */
  end(): void;
}

const PLAIN_INTERVAL_MS = 5_000;
const TERMINAL_INTERVAL_MS = 250;

/** A bar on a terminal, otherwise a plain line every five seconds. */
export function showLoadProgress(total: number): LoadProgress {
  let latest: Measurements | undefined;
  const isTerminal = process.stderr.isTTY;
  const bar = new SingleBar(
    { format: "{bar} {value}/{total} sent  {state}", stream: process.stderr, hideCursor: true, clearOnComplete: true },
    Presets.shades_classic,
  );
  const show = (): void => {
    if (!latest) return;
    const state = stateOf(latest);
    if (isTerminal) bar.update(latest.sent, { state });
    else process.stderr.write(`${latest.sent} of ${total} sent, ${state}\n`);
  };
  if (isTerminal) bar.start(total, 0, { state: "" });
  const timer = setInterval(show, isTerminal ? TERMINAL_INTERVAL_MS : PLAIN_INTERVAL_MS);
  return {
    update(measurements) {
      latest = measurements;
    },
    end() {
      clearInterval(timer);
      show();
      if (isTerminal) bar.stop();
    },
  };
}

function stateOf(measurements: Measurements): string {
  const { failed, inFlight, publishAll } = measurements;
  return `${failed} failed, ${inFlight} in flight, p99 publish ${publishAll.summary.p99Ms.toFixed(1)} ms`;
}
