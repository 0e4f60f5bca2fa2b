import {
  type DecodedValue,
  isFramed,
  NO_REGISTRY,
  type PoisonFault,
  poison,
  type ValueDecoder,
} from "@millrace/shared";
import { z } from "zod";
import { type Event, eventDefinition, eventSchema } from "./event.ts";
import { flattened } from "./formats/protobuf.ts";
import { createSchema } from "./schema.ts";

export type DecodedEvent = { value: Event } | { fault: PoisonFault };

/** Reads an event from a topic, whatever its format. */
export interface EventDecoder {
  /** Returns at once, or, if the schema must be fetched first, a promise. */
  decode(value: Buffer): DecodedEvent | Promise<DecodedEvent>;
}

/** @param values absent without a registry: values that name a schema are then poison */
export function createEventDecoder(values?: ValueDecoder): EventDecoder {
  const plain = createSchema(eventDefinition, "json");
  return {
    decode(value) {
      if (!isFramed(value)) return plain.decode(value);
      if (!values) return { fault: poison("undecodable", NO_REGISTRY) };
      const decoded = values.decode(value);
      return decoded instanceof Promise ? decoded.then(eventOf) : eventOf(decoded);
    },
  };
}

/** The formats differ in how they write an absent field and a scalar of several types. */
function eventOf(decoded: DecodedValue): DecodedEvent {
  if ("fault" in decoded) return decoded;
  const record = typeof decoded.value === "object" && decoded.value !== null ? decoded.value : {};
  const present = Object.fromEntries(Object.entries(record).filter(([, value]) => value !== null));
  const parsed = eventSchema.safeParse({ ...present, properties: flattened(present.properties) });
  if (parsed.success) return { value: parsed.data };
  return { fault: poison("invalid", `the value is not a valid Event: ${z.prettifyError(parsed.error)}`) };
}
