const WINDOW_MS = 5_000;

/** The mean of what was added in the last five to ten seconds: of the present window and the one before. */
export class RecentMean {
  #startedAt = 0;
  #present = { sum: 0, count: 0 };
  #before = { sum: 0, count: 0 };

  add(value: number, now: number): void {
    this.#turn(now);
    this.#present.sum += value;
    this.#present.count++;
  }

  /** 0 where nothing was added lately. */
  at(now: number): number {
    this.#turn(now);
    const count = this.#present.count + this.#before.count;
    return count === 0 ? 0 : (this.#present.sum + this.#before.sum) / count;
  }

  #turn(now: number): void {
    const elapsedMs = now - this.#startedAt;
    if (elapsedMs < WINDOW_MS) return;
    this.#before = elapsedMs < 2 * WINDOW_MS ? this.#present : { sum: 0, count: 0 };
    this.#present = { sum: 0, count: 0 };
    this.#startedAt = now;
  }
}
