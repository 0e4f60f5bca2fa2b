import type { Event } from "@millrace/events";
import type { Random } from "./random.ts";

export interface Population {
  random: Random;
  /** How many there are; the events are of some of them. */
  users: number;
  devices: number;
}

/** What an event is, without its identity, which the run gives it. */
export type Happening = Omit<Event, "event_id" | "timestamp_ms">;

/** A world in which something happens at each of the moments that it is given, in their order. */
export type Scenario = (population: Population) => (timestampMs: number) => Happening;
