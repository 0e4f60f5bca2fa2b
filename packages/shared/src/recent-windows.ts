const WINDOW_MS = 5_000;

/** The current window of five seconds and the previous one; together they cover the last five to ten seconds. */
export class RecentWindows<Content> {
  present: Content;
  before: Content;
  #startedAt = 0;
  #empty: () => Content;
  #expire: (content: Content) => void;

  /** @param expire receives the content of each expired window */
  constructor(empty: () => Content, expire: (content: Content) => void = () => undefined) {
    this.#empty = empty;
    this.#expire = expire;
    this.present = empty();
    this.before = empty();
  }

  /** Advances to the window of `now`; call it before reading or writing the windows. */
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
