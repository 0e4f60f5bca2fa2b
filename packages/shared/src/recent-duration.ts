const WINDOW_MS = 5_000;

interface Window {
  /** Of the durations, and of their squares. */
  sum: number;
  squares: number;
}

const empty = (): Window => ({ sum: 0, squares: 0 });

/**
 * How long operations took that ended in the last five to ten seconds: in the present window and the one before.
 *
 * Each weighs as much as it took, so this is what one would find at any moment with an operation under way. A plain mean
 * would not: when a service becomes slow, one operation of seconds is beside a hundred fast ones that ended before.
 */
export class RecentDuration {
  #startedAt = 0;
  #present = empty();
  #before = empty();

  add(durationMs: number, now: number): void {
    this.#turn(now);
    this.#present.sum += durationMs;
    this.#present.squares += durationMs ** 2;
  }

  /** 0 where none ended lately. */
  at(now: number): number {
    this.#turn(now);
    const sum = this.#present.sum + this.#before.sum;
    return sum === 0 ? 0 : (this.#present.squares + this.#before.squares) / sum;
  }

  #turn(now: number): void {
    const elapsedMs = now - this.#startedAt;
    if (elapsedMs < WINDOW_MS) return;
    this.#before = elapsedMs < 2 * WINDOW_MS ? this.#present : empty();
    this.#present = empty();
    this.#startedAt = now;
  }
}
