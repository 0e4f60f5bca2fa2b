const MINUTE_MS = 60_000;

/** What a limit reports in the headers of a response. */
export interface LimitState {
  limit: number;
  remaining: number;
  /** Until the bucket is full again. */
  resetMs: number;
}

/** A token bucket that holds a minute's worth, starts full and fills evenly, as OpenAI's limits do. */
export class RateLimit {
  readonly perMinute: number;
  #level: number;
  #at: number;

  /** @param perMinute 0: no limit */
  constructor(perMinute: number, nowMs = performance.now()) {
    this.perMinute = perMinute;
    this.#level = perMinute;
    this.#at = nowMs;
  }

  /** How long until this amount is available; 0: now, `Infinity`: never, since the bucket holds less. */
  waitMs(amount: number, nowMs = performance.now()): number {
    if (this.perMinute === 0) return 0;
    if (amount > this.perMinute) return Number.POSITIVE_INFINITY;
    return this.#msToFill(amount - this.#levelAt(nowMs));
  }

  /** Takes this amount; a shortfall is not owed. */
  take(amount: number, nowMs = performance.now()): void {
    this.#level = Math.max(0, this.#levelAt(nowMs) - amount);
    this.#at = nowMs;
  }

  state(nowMs = performance.now()): LimitState | undefined {
    if (this.perMinute === 0) return undefined;
    const level = this.#levelAt(nowMs);
    return { limit: this.perMinute, remaining: Math.floor(level), resetMs: this.#msToFill(this.perMinute - level) };
  }

  #levelAt(nowMs: number): number {
    return Math.min(this.perMinute, this.#level + ((nowMs - this.#at) / MINUTE_MS) * this.perMinute);
  }

  #msToFill(missing: number): number {
    return Math.max(0, (missing / this.perMinute) * MINUTE_MS);
  }
}

/** Formats durations as OpenAI does: 17ms, 8.64s, 6m0s. */
export function formatReset(ms: number): string {
  if (ms < 1_000) return `${Math.ceil(ms)}ms`;
  if (ms < 60_000) return `${Math.ceil(ms / 10) / 100}s`;
  const seconds = Math.ceil(ms / 1_000);
  return `${Math.floor(seconds / 60)}m${seconds % 60}s`;
}
