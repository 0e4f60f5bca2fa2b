import { Presets, SingleBar } from "cli-progress";
import type { Sent } from "./target.ts";

export interface GenerateProgress {
  /** A batch is in flight until the next update. */
  sending(): void;
  /** @param part of the whole, from 0 to 1 */
  update(sent: Sent, part: number): void;
  /** Ends the display with the totals. */
  end(): void;
}

const PLAIN_INTERVAL_MS = 5_000;
const TERMINAL_INTERVAL_MS = 250;
/** A batch that takes longer is worth mentioning: the target may be unreachable. */
const SLOW_MS = 2_000;

/**
 * Uses standard error, since standard output may carry the events: a bar on a terminal, otherwise a line every five
 * seconds.
 */
export function showGenerateProgress(): GenerateProgress {
  const startedAtMs = performance.now();
  const isTerminal = process.stderr.isTTY;
  let latest: Sent = { accepted: 0, refused: 0, failed: 0 };
  let percent = 0;
  let sendingSinceMs: number | undefined;
  const bar = new SingleBar(
    { format: "{bar} {percentage}%  {state}", stream: process.stderr, hideCursor: true, clearOnComplete: true },
    Presets.shades_classic,
  );
  const state = (): string => {
    const { accepted, refused, failed } = latest;
    const ratePerS = Math.round(accepted / ((performance.now() - startedAtMs) / 1_000));
    const rest = `${refused > 0 ? `, ${refused} refused` : ""}${failed > 0 ? `, ${failed} failed` : ""}`;
    const waitingMs = sendingSinceMs === undefined ? 0 : performance.now() - sendingSinceMs;
    const waiting = waitingMs > SLOW_MS ? `, no answer for ${Math.floor(waitingMs / 1_000)} s` : "";
    return `${accepted} events, ${ratePerS} a second${rest}${waiting}`;
  };
  const show = (): void => {
    if (isTerminal) bar.update(percent, { state: state() });
    else process.stderr.write(`${Math.floor(percent)}%: ${state()}\n`);
  };
  if (isTerminal) bar.start(100, 0, { state: "" });
  const timer = setInterval(show, isTerminal ? TERMINAL_INTERVAL_MS : PLAIN_INTERVAL_MS);
  return {
    sending() {
      sendingSinceMs = performance.now();
    },
    update(sent, part) {
      sendingSinceMs = undefined;
      latest = sent;
      percent = 100 * Math.min(1, part);
    },
    end() {
      clearInterval(timer);
      if (isTerminal) bar.stop();
      process.stderr.write(`${state()}${latest.cause === undefined ? "" : `; last reason: ${latest.cause}`}\n`);
    },
  };
}
