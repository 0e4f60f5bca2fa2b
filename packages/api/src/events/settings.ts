import { eventTopicSettings, variable } from "@millrace/shared";
import type { z } from "zod";

export const eventsApiSettings = {
  EVENTS_TOPIC_PATTERN: eventTopicSettings.EVENTS_TOPIC_PATTERN,
  EVENTS_TOPICS_MAX: variable.integer(1, 10_000).default(100).meta({
    description:
      "Most topics of that pattern that there may be for another to be created; with KAFKA_TOPIC_PARTITIONS and KAFKA_REPLICATION_FACTOR.",
  }),
  EVENTS_IDEMPOTENCY_TTL_S: variable.integer(60, 2_592_000).default(86_400).meta({
    description: "How long the answer to a request with an Idempotency-Key is kept.",
  }),
  EVENTS_LATEST_MAX: variable.integer(1, 10_000).default(1_000).meta({
    description: "Most events of one GET /api/v1/events/{topic}/latest.",
  }),
};
export type EventsApiSettings = z.output<z.ZodObject<typeof eventsApiSettings>>;
