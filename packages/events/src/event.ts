import { type Definition, type ValueOf, validatorOf } from "./definition.ts";

/** An event, as published to a topic of events. */
export const eventDefinition = {
  name: "Event",
  description: "Something that happened.",
  fields: {
    event_id: { number: 1, kind: "text", description: "Identity of the event, chosen by its publisher." },
    event_type: { number: 2, kind: "text", description: "What happened, such as payment.authorized." },
    user_id: {
      number: 3,
      kind: "text",
      optional: true,
      description: "Who did it; the events of one user stay in order.",
    },
    device_id: {
      number: 4,
      kind: "text",
      optional: true,
      description: "What it happened on; keeps events without a user in order.",
    },
    timestamp_ms: { number: 5, kind: "integer", description: "When it happened, milliseconds since 1970." },
    text: { number: 6, kind: "text", optional: true, description: "The event in words, to be embedded and searched." },
    value: { number: 7, kind: "number", optional: true, description: "The measured or paid amount, to be aggregated." },
    properties: { number: 8, kind: "properties", description: "All other properties, by name." },
  },
} as const satisfies Definition;
export type Event = ValueOf<typeof eventDefinition>;
export const eventSchema = validatorOf(eventDefinition);

/** Events of one key whose timestamps are in one window, counted and summed. */
export const aggregatedEventDefinition = {
  name: "AggregatedEvent",
  description: "Events of one type and key in one window.",
  fields: {
    window_start_ms: { number: 1, kind: "integer", description: "First millisecond of the window, since 1970." },
    window_end_ms: { number: 2, kind: "integer", description: "First millisecond after the window." },
    event_type: { number: 3, kind: "text", description: "Type of the events." },
    key: {
      number: 4,
      kind: "text",
      optional: true,
      description: "What the events are grouped by; absent if not grouped.",
    },
    count: { number: 5, kind: "integer", description: "Number of events." },
    sum: { number: 6, kind: "number", optional: true, description: "Sum of their values; absent if none has one." },
    average: { number: 7, kind: "number", optional: true, description: "Average of their values." },
    minimum: { number: 8, kind: "number", optional: true, description: "Smallest of their values." },
    maximum: { number: 9, kind: "number", optional: true, description: "Largest of their values." },
    distinct_users: { number: 10, kind: "integer", description: "Number of distinct users." },
  },
} as const satisfies Definition;
export type AggregatedEvent = ValueOf<typeof aggregatedEventDefinition>;

/** A record that could not be delivered to its topic, or not processed from it, in its original form. */
export const dlqMessageDefinition = {
  name: "DLQMessage",
  description: "A record that could not be delivered.",
  fields: {
    topic: { number: 1, kind: "text", description: "Topic that the record was meant for." },
    key: { number: 2, kind: "bytes", optional: true, description: "Key of the record." },
    value: { number: 3, kind: "bytes", optional: true, description: "Value of the record, encoded as for the topic." },
    event_id: { number: 4, kind: "text", optional: true, description: "Identity of the event in the record." },
    error_code: { number: 5, kind: "text", description: "Reason, as a code such as too_long or unavailable." },
    error_message: { number: 6, kind: "text", description: "Reason, in words." },
    attempts: { number: 7, kind: "integer", description: "Number of delivery attempts." },
    failed_at_ms: { number: 8, kind: "integer", description: "When delivery was abandoned, milliseconds since 1970." },
  },
} as const satisfies Definition;
export type DLQMessage = ValueOf<typeof dlqMessageDefinition>;

export const definitions = [eventDefinition, aggregatedEventDefinition, dlqMessageDefinition] as const;

/** Events of one key go to one partition, in order; events without a user or device are spread by their ID. */
export function keyOf(event: Pick<Event, "event_id" | "user_id" | "device_id">): string {
  return event.user_id ?? event.device_id ?? event.event_id;
}
