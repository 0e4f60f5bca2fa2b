import type { Attempts } from "./attempts.ts";
import type { Received } from "./received.ts";
import type { ConsumerSettings } from "./settings.ts";

export interface ConsumeOptions {
  groupId: string;
  topics: readonly string[];
  /** Records delivered and not done. At these limits fetching pauses, and heartbeats go on. */
  inFlightMax: number;
  inFlightMaxBytes: number;
  settings: ConsumerSettings;
  /** Counts the starts of each partition and, where processes crash soon after their start, the attempts at its records. */
  attempts: Attempts;
  /** Takes a record over; must not throw and must not wait. */
  accept(received: Received): void;
}
