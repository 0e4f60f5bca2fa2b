import type { Event } from "@millrace/events";
import { type ArrivalOptions, arrivals } from "./arrivals.ts";
import { clickstream } from "./clickstream.ts";
import { iot } from "./iot.ts";
import { createRandom, type Random } from "./random.ts";
import type { Scenario } from "./scenario.ts";
import { transactions } from "./transactions.ts";

export const scenarios = { iot, clickstream, transactions } as const satisfies Record<string, Scenario>;
export type ScenarioName = keyof typeof scenarios;

export interface GenerateOptions extends ArrivalOptions {
  scenario: ScenarioName;
  /** The same seed and options make the same events. */
  seed: number;
  users: number;
  devices: number;
  /** Shares of all generated events, from 0 to 1; their sum is at most 1. */
  late: number;
  duplicate: number;
  invalid: number;
}

/** Not a valid event: its schema refuses it. It still has the fields of its key. */
export type BrokenEvent = Pick<Event, "event_id" | "user_id" | "device_id"> & Record<string, unknown>;

/** A generated event, what was done to it, and its publication time in milliseconds since 1970. */
export type Generated = { atMs: number } & (
  | { kind: "timely" | "late" | "duplicate"; event: Event }
  | { kind: "invalid"; event: BrokenEvent }
);

/** Minimum age of a late event at its publication; on average it is as much again older. */
const LATE_MS = 15_000;

/**
 * Events of a scenario with their publication times. A late one has an earlier timestamp; a duplicate repeats the
 * previous event; an invalid one is broken. The first is never a duplicate.
 */
export function* generate(options: GenerateOptions): Generator<Generated> {
  const { scenario, seed, users, devices, late, duplicate, invalid } = options;
  // A separate sequence, so that the scenario is the same whatever is done to its events.
  const mishaps = createRandom(~seed);
  const happen = scenarios[scenario]({ random: createRandom(seed), users, devices });
  let previous: Event | undefined;
  let count = 0;
  for (const atMs of arrivals(options)) {
    const mishap = mishaps.fraction();
    if (previous && mishap < duplicate) {
      yield { atMs, kind: "duplicate", event: previous };
      continue;
    }
    const event: Event = {
      event_id: `${scenario}-${seed}-${count++}`,
      timestamp_ms: atMs,
      ...happen(atMs),
    };
    if (mishap >= duplicate && mishap < duplicate + invalid) {
      yield { atMs, kind: "invalid", event: broken(event, mishaps) };
      continue;
    }
    const isLate = mishap >= duplicate + invalid && mishap < duplicate + invalid + late;
    if (isLate) event.timestamp_ms -= Math.round(LATE_MS * (1 + mishaps.exponential()));
    previous = event;
    yield { atMs, kind: isLate ? "late" : "timely", event };
  }
}

function broken(event: Event, random: Random): BrokenEvent {
  const { event_type, timestamp_ms, ...rest } = event;
  return random.pick<BrokenEvent>([
    { ...rest, timestamp_ms },
    { ...rest, event_type },
    { ...rest, event_type, timestamp_ms: new Date(timestamp_ms).toISOString() },
    { ...event, value: "much" },
    { ...event, colour: "red" },
  ]);
}
