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
    .meta({ description: "Time for the api to answer a request, whatever it has to wait for." }),
  PUBLISH_MAX_BYTES: variable
    .integer(1_024, 1_073_741_824)
    .default(10_485_760)
    .meta({ description: "Largest body of POST /publish, and of POST /api/v1/events/{topic}." }),
  PUBLISH_MAX_MESSAGES: variable
    .integer(1, 100_000)
    .default(1_000)
    .meta({ description: "Most messages of one POST /publish, and most events of one POST /api/v1/events/{topic}." }),
  PUBLISH_MESSAGE_MAX_BYTES: variable
    .integer(1_024, 67_108_864)
    .default(1_000_000)
    .meta({
      description:
        "Largest message (key, headers and value) of POST /publish, and most bytes of a request to Kafka that has several; " +
        "to be kept some kilobytes below the topics' max.message.bytes.",
    }),
  PUBLISH_UNANSWERED_MAX_BYTES: variable.integer(65_536, 1_073_741_824).default(33_554_432).meta({
    description:
      "Most bytes of messages (key, headers and value) that wait for Kafka's answer; beyond them POST /publish answers 503.",
  }),
  CONSOLE_CLIENTS_MAX: variable
    .integer(1, 10_000)
    .default(100)
    .meta({ description: "Most consoles that GET /events keeps up to date at once." }),
  SEARCH_CANDIDATES: variable.integer(1, 10_000).default(256).meta({
    description:
      "Neighbours that a semantic search explores the graph for: more find the nearest more surely, and cost more.",
  }),
  SEARCH_MAX_HITS: variable.integer(1, 1_000).default(100).meta({ description: "Most hits of one GET /search." }),
  ...authSettings,
  ...eventsApiSettings,
  ...streamSettings,
  ...eventSettings,
  ...schemaRegistrySettings,
});

/** Everything that the api process can be told. */
export const apiConfig = settings.superRefine(checkIdentity).superRefine(checkAuth);
export type ApiConfig = z.output<typeof apiConfig>;
