import { RecentWindows } from "./recent-windows.ts";

interface Sums {
  durations: number;
  squares: number;
}

/**
 * Mean duration of the operations that ended in the last five to ten seconds, weighted by time.
 *
 * Each operation is weighted by its duration: the result is the expected duration of the operation in progress at a random
 * moment. A plain mean would hide a service that becomes slow, since a hundred fast operations outweigh a slow one that
 * ends after them.
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
