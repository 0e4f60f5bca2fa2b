import { checkIdentity, redisSettings, schemaRegistrySettings } from "@millrace/connections";
import { eventSettings } from "@millrace/events/settings";
import { kafkaSettings, topicSettings } from "@millrace/kafka";
import { openSearchSettings } from "@millrace/opensearch";
import { postgresSettings } from "@millrace/postgres";
import { embedRouteSettings, processSettings, variable } from "@millrace/shared";
import { z } from "zod";
import { authSettings, checkAuth } from "./auth/settings.ts";
import { eventsApiSettings } from "./events/settings.ts";
import { streamSettings } from "./streams/settings.ts";

const settings = z.object({
  PORT: variable.integer(0, 65_535).default(8080).meta({ description: "Port of the process's HTTP server." }),
  ...processSettings,
  ...kafkaSettings,
  ...topicSettings,
  ...postgresSettings,
  ...openSearchSettings,
  ...redisSettings,
  ...embedRouteSettings,
  REQUEST_TIMEOUT_MS: variable
    .integer(500, 300_000)
    .default(10_000)
    .meta({ description: "Time limit for a request to the api, waiting for other services included." }),
  PUBLISH_MAX_BYTES: variable
    .integer(1_024, 1_073_741_824)
    .default(10_485_760)
    .meta({ description: "Maximum body size of POST /publish and POST /api/v1/events/{topic}." }),
  PUBLISH_MAX_MESSAGES: variable
    .integer(1, 100_000)
    .default(1_000)
    .meta({ description: "Maximum messages per POST /publish, and events per POST /api/v1/events/{topic}." }),
  PUBLISH_MESSAGE_MAX_BYTES: variable
    .integer(1_024, 67_108_864)
    .default(1_000_000)
    .meta({
      description:
        "Maximum size of a message (key, headers and value) in POST /publish, and of a batched produce request; " +
        "keep it a few kilobytes below the topics' max.message.bytes.",
    }),
  PUBLISH_UNANSWERED_MAX_BYTES: variable.integer(65_536, 1_073_741_824).default(33_554_432).meta({
    description:
      "Maximum bytes of messages (key, headers and value) awaiting acknowledgement by Kafka; above it POST /publish responds with 503.",
  }),
  CONSOLE_CLIENTS_MAX: variable
    .integer(1, 10_000)
    .default(100)
    .meta({ description: "Maximum consoles connected to GET /events at a time." }),
  SEARCH_CANDIDATES: variable.integer(1, 10_000).default(256).meta({
    description: "Candidates that a semantic search explores in the vector graph: more improve recall and cost more.",
  }),
  SEARCH_MAX_HITS: variable.integer(1, 1_000).default(100).meta({ description: "Maximum hits per GET /search." }),
  ...authSettings,
  ...eventsApiSettings,
  ...streamSettings,
  ...eventSettings,
  ...schemaRegistrySettings,
});

/** The configuration of the api process. */
export const apiConfig = settings.superRefine(checkIdentity).superRefine(checkAuth);
export type ApiConfig = z.output<typeof apiConfig>;
