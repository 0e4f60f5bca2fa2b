import { eventTopicSettings, variable } from "@millrace/shared";
import type { z } from "zod";

export const eventsApiSettings = {
  EVENTS_TOPIC_PATTERN: eventTopicSettings.EVENTS_TOPIC_PATTERN,
  EVENTS_TOPICS_MAX: variable.integer(1, 10_000).default(100).meta({
    description:
      "Maximum topics that match EVENTS_TOPIC_PATTERN before the api stops creating more; they get KAFKA_TOPIC_PARTITIONS and KAFKA_REPLICATION_FACTOR.",
  }),
  EVENTS_IDEMPOTENCY_TTL_S: variable.integer(60, 2_592_000).default(86_400).meta({
    description: "Retention of the response to a request with an Idempotency-Key.",
  }),
  EVENTS_LATEST_MAX: variable.integer(1, 10_000).default(1_000).meta({
    description: "Maximum events per GET /api/v1/events/{topic}/latest.",
  }),
};
export type EventsApiSettings = z.output<z.ZodObject<typeof eventsApiSettings>>;
