const WINDOW_MS = 5_000;

/** The present window of five seconds and the one before it; together they hold the last five to ten seconds. */
export class RecentWindows<Content> {
  present: Content;
  before: Content;
  #startedAt = 0;
  #empty: () => Content;
  #expire: (content: Content) => void;

  /** @param expire receives the content of each window that is no longer recent */
  constructor(empty: () => Content, expire: (content: Content) => void = () => undefined) {
    this.#empty = empty;
    this.#expire = expire;
    this.present = empty();
    this.before = empty();
  }

  /** Moves on to the window of `now`; call it before the windows are read or written. */
  turn(now: number): void {
    const elapsedMs = now - this.#startedAt;
    if (elapsedMs < WINDOW_MS) return;
    this.#expire(this.before);
    const adjoins = elapsedMs < 2 * WINDOW_MS;
    if (!adjoins) this.#expire(this.present);
    this.before = adjoins ? this.present : this.#empty();
    this.present = this.#empty();
    this.#startedAt = now;
  }
}
