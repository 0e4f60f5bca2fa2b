import { type Definition, type ValueOf, validatorOf } from "./definition.ts";

/** Something that happened, as it is published to a topic of events. */
export const eventDefinition = {
  name: "Event",
  description: "Something that happened.",
  fields: {
    event_id: { number: 1, kind: "text", description: "Identity of the event, chosen by whoever publishes it." },
    event_type: { number: 2, kind: "text", description: "What happened, such as payment.authorized." },
    user_id: {
      number: 3,
      kind: "text",
      optional: true,
      description: "Who did it; events of one user keep their order.",
    },
    device_id: {
      number: 4,
      kind: "text",
      optional: true,
      description: "What it happened on; orders the events that have no user.",
    },
    timestamp_ms: { number: 5, kind: "integer", description: "When it happened, milliseconds since 1970." },
    text: { number: 6, kind: "text", optional: true, description: "In words, to be embedded and searched." },
    value: { number: 7, kind: "number", optional: true, description: "The measured or paid amount, to be aggregated." },
    properties: { number: 8, kind: "properties", description: "Everything else, by name." },
  },
} as const satisfies Definition;
export type Event = ValueOf<typeof eventDefinition>;
export const eventSchema = validatorOf(eventDefinition);

/** Events of one key whose timestamps lie in one window, counted and added up. */
export const aggregatedEventDefinition = {
  name: "AggregatedEvent",
  description: "Events of one type and key in one window.",
  fields: {
    window_start_ms: { number: 1, kind: "integer", description: "First millisecond of the window, since 1970." },
    window_end_ms: { number: 2, kind: "integer", description: "First millisecond after the window." },
    event_type: { number: 3, kind: "text", description: "Type of the events." },
    key: { number: 4, kind: "text", optional: true, description: "What they are grouped by; absent: all of the type." },
    count: { number: 5, kind: "integer", description: "How many there are." },
    sum: { number: 6, kind: "number", optional: true, description: "Of their values; absent where none has one." },
    average: { number: 7, kind: "number", optional: true, description: "Of their values." },
    minimum: { number: 8, kind: "number", optional: true, description: "Of their values." },
    maximum: { number: 9, kind: "number", optional: true, description: "Of their values." },
    distinct_users: { number: 10, kind: "integer", description: "How many users they are of." },
  },
} as const satisfies Definition;
export type AggregatedEvent = ValueOf<typeof aggregatedEventDefinition>;

/** A record that could not be delivered to its topic, or not be used there, as it was. */
export const dlqMessageDefinition = {
  name: "DLQMessage",
  description: "A record that could not be delivered.",
  fields: {
    topic: { number: 1, kind: "text", description: "Where it was to go." },
    key: { number: 2, kind: "bytes", optional: true, description: "Its key." },
    value: { number: 3, kind: "bytes", optional: true, description: "Its value, encoded as for the topic." },
    event_id: { number: 4, kind: "text", optional: true, description: "Identity of the event in it." },
    error_code: { number: 5, kind: "text", description: "Why not, as a code such as too_long or unavailable." },
    error_message: { number: 6, kind: "text", description: "Why not, in words." },
    attempts: { number: 7, kind: "integer", description: "How often it was tried." },
    failed_at_ms: { number: 8, kind: "integer", description: "When it was given up, milliseconds since 1970." },
  },
} as const satisfies Definition;
export type DLQMessage = ValueOf<typeof dlqMessageDefinition>;

export const definitions = [eventDefinition, aggregatedEventDefinition, dlqMessageDefinition] as const;

/** Events of one key are in one partition, in their order; those of nobody are spread by their identity. */
export function keyOf(event: Pick<Event, "event_id" | "user_id" | "device_id">): string {
  return event.user_id ?? event.device_id ?? event.event_id;
}
