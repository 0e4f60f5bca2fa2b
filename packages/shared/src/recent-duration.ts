import { RecentWindows } from "./recent-windows.ts";

interface Sums {
  durations: number;
  squares: number;
}

/**
 * How long the operations took that ended in the last five to ten seconds.
 *
 * Each is weighted by its duration: the mean is what an observer finds at a random moment with an operation under way.
 * A plain mean would hide a service that becomes slow, since one operation of seconds stands beside a hundred fast ones
 * that ended before it.
 */
export class RecentDuration {
  #windows = new RecentWindows<Sums>(() => ({ durations: 0, squares: 0 }));

  add(durationMs: number, now: number): void {
    this.#windows.turn(now);
    const { present } = this.#windows;
    present.durations += durationMs;
    present.squares += durationMs ** 2;
  }

  /** 0 if no operation ended recently. */
  at(now: number): number {
    this.#windows.turn(now);
    const { present, before } = this.#windows;
    const durations = present.durations + before.durations;
    return durations === 0 ? 0 : (present.squares + before.squares) / durations;
  }
}
