/** Three significant digits, accurate to half a percent: 0.42, 1.23, 12.3, 123, 1,234. */
export function formatNumber(value: number): string {
  const magnitude = Math.abs(value);
  const decimals = magnitude === 0 || magnitude >= 99.95 ? 0 : magnitude >= 9.995 ? 1 : 2;
  return value.toLocaleString("en", { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
}

export function formatCount(value: number): string {
  return value.toLocaleString("en");
}

export function formatDuration(ms: number): string {
  if (ms < 999.5) return `${formatNumber(ms)} ms`;
  return ms < 100_000 ? `${formatNumber(ms / 1_000)} s` : `${formatNumber(ms / 60_000)} min`;
}

/** `14:03:27` in the reader's time zone. */
export function formatTime(time: string | number): string {
  return new Date(time).toLocaleTimeString("en-GB");
}

export function formatAge(sinceMs: number): string {
  const seconds = Math.max(0, Math.round(sinceMs / 1_000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min`;
  return seconds < 86_400 ? `${Math.floor(seconds / 3_600)} h` : `${Math.floor(seconds / 86_400)} d`;
}
