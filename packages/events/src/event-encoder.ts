import { type RetryableFault, retryable } from "@millrace/shared";
import { type Event, eventDefinition } from "./event.ts";
import type { SchemaRegistry } from "./registry.ts";
import { createSchema, type FormatName } from "./schema.ts";
import { FIRST_MESSAGE, frame } from "./wire-format.ts";

export type EncodeEvent = (event: Event) => Buffer;

/** Encodes events for a topic. With a registry, the topic's schema is registered as `<topic>-value`. */
export interface EventEncoder {
  /** One attempt; its result is valid for the life of the process. */
  prepare(topic: string): Promise<{ value: EncodeEvent } | { fault: RetryableFault }>;
}

/** @param registry absent: values are plain JSON */
export function createEventEncoder(format: FormatName, registry?: SchemaRegistry): EventEncoder {
  const schema = createSchema(eventDefinition, format);
  if (!registry) {
    const fault = retryable(
      "misconfigured",
      `EVENTS_FORMAT=${format} needs a schema registry: set SCHEMA_REGISTRY_URL`,
    );
    const plain = format === "json" ? { value: schema.encode } : { fault };
    return { prepare: async () => plain };
  }
  return {
    async prepare(topic) {
      const registered = await registry.register(`${topic}-value`, schema);
      if ("fault" in registered) return registered;
      const encode: EncodeEvent = (event) => {
        const payload = schema.encode(event);
        return frame(registered.value, format === "protobuf" ? Buffer.concat([FIRST_MESSAGE, payload]) : payload);
      };
      return { value: encode };
    },
  };
}
