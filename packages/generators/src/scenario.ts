import type { Event } from "@millrace/events";
import type { Random } from "./random.ts";

export interface Population {
  random: Random;
  /** Number of users, devices or cards to choose from. */
  users: number;
  devices: number;
}

/** An event without its ID, which the run assigns. */
export type Happening = Omit<Event, "event_id" | "timestamp_ms">;

/** A simulated world that produces an event at each given moment, in order. */
export type Scenario = (population: Population) => (timestampMs: number) => Happening;
