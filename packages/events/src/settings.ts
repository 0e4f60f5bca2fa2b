import { eventTopicSettings, variable } from "@millrace/shared";
import { z } from "zod";

/** For each process that publishes events. */
export const eventSettings = {
  EVENTS_FORMAT: z.enum(["json", "avro", "protobuf"]).default("json").meta({
    description:
      "How events are encoded: json, avro or protobuf. With a schema registry, values name their schema; without one, only plain JSON is possible.",
  }),
  EVENTS_DLQ_TOPIC: eventTopicSettings.EVENTS_DLQ_TOPIC,
  EVENTS_DELIVERY_TIMEOUT_MS: variable.integer(100, 600_000).default(10_000).meta({
    description: "How long the delivery of events is retried before they go to EVENTS_DLQ_TOPIC.",
  }),
  EVENTS_QUEUE_MAX: variable.integer(1, 1_000_000).default(10_000).meta({
    description: "Maximum number of events of one topic that wait to be written; more are refused.",
  }),
  EVENTS_QUEUE_MAX_BYTES: variable.integer(65_536, 1_073_741_824).default(33_554_432).meta({
    description: "Maximum bytes of events of all topics that wait to be written or are in flight; more are refused.",
  }),
  EVENTS_BATCH_MAX_BYTES: variable.integer(1_024, 67_108_864).default(524_288).meta({
    description: "Maximum bytes of events per request; must be below the topic's max.message.bytes.",
  }),
};
export type EventSettings = z.output<z.ZodObject<typeof eventSettings>>;
