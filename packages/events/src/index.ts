export { type Definition, type Field, type Kind, type Properties, type ValueOf, validatorOf } from "./definition.ts";
export {
  type AggregatedEvent,
  aggregatedEventDefinition,
  type DLQMessage,
  definitions,
  dlqMessageDefinition,
  type Event,
  eventDefinition,
  eventSchema,
  keyOf,
} from "./event.ts";
export { createEventDecoder, type DecodedEvent, type EventDecoder } from "./event-decoder.ts";
export { createEventEncoder, type EncodeEvent, type EventEncoder } from "./event-encoder.ts";
export { createEventProducer, type EventProducer, type Published } from "./event-producer.ts";
export { openSchemaRegistry, type SchemaRegistry } from "./registry.ts";
export { createSchema, type FormatName, formatNames, type Schema } from "./schema.ts";
export type { EventSettings } from "./settings.ts";
