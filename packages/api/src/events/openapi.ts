import { z } from "@hono/zod-openapi";
import { createSchema, type Event, eventDefinition } from "@millrace/events";
import { HttpProblem } from "../problem.ts";
import type { EventTopics } from "./topics.ts";

export const exampleEvent: Event = {
  event_id: "payment-4711",
  event_type: "payment.authorized",
  user_id: "user-7",
  timestamp_ms: 1_767_268_800_000,
  text: "user-7 paid 12.50 EUR at a bakery",
  value: 12.5,
  properties: { currency: "EUR", merchant: "bakery" },
};

interface ObjectSchema {
  properties: Record<string, { type: "string" | "number" | "object" }>;
  required: string[];
}

const registered = JSON.parse(createSchema(eventDefinition, "json").text) as ObjectSchema;
const filledIn = new Set(["event_id", "timestamp_ms", "properties"]);

/** For the OpenAPI document only: the registered schema, with the fields that the api fills in made optional. */
export const eventInputSchema = z.unknown().openapi("EventInput", {
  type: "object",
  description: "An event. A missing event_id or timestamp_ms is filled in.",
  properties: registered.properties,
  required: registered.required.filter((name) => !filledIn.has(name)),
  additionalProperties: false,
});

export const eventRecordSchema = z
  .object({
    id: z.string(),
    partition: z.int(),
    offset: z.int(),
    timestamp: z.string().openapi({ description: "Kafka's record timestamp, ISO 8601." }),
    key: z.string().nullable(),
    event: z
      .unknown()
      .openapi({ type: ["object", "null"], description: "The event; null if the record could not be decoded." }),
    error: z.string().optional().openapi({ description: "The reason, if the record could not be decoded." }),
  })
  .openapi("EventRecord");

export function topicParameter(topics: EventTopics) {
  return z
    .string()
    .regex(new RegExp(topics.pattern))
    .openapi({ param: { name: "topic", in: "path" }, description: "The name of an event topic.", example: "payments" });
}

export function topicOf(name: string, topics: EventTopics): string {
  if (topics.allows(name)) return name;
  const errors = [{ path: "topic", message: "not an allowed name for an event topic" }];
  throw new HttpProblem("invalid-parameter", "the topic name is invalid", { errors });
}
