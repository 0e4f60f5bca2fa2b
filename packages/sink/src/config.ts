import { checkIdentity, redisSettings } from "@millrace/connections";
import { consumerSettings, kafkaSettings, topicSettings } from "@millrace/kafka";
import { openSearchSettings } from "@millrace/opensearch";
import { postgresSettings } from "@millrace/postgres";
import { documentSettings, processSettings, variable } from "@millrace/shared";
import { z } from "zod";
import { preparationSettings } from "./preparation-settings.ts";

const settings = z.object({
  PORT: variable.integer(0, 65_535).default(8083).meta({ description: "Port of the HTTP server." }),
  ...processSettings,
  ...kafkaSettings,
  ...topicSettings,
  ...consumerSettings,
  ...postgresSettings,
  ...openSearchSettings,
  ...redisSettings,
  ...documentSettings,
  ...preparationSettings,
  OPENSEARCH_SHARDS: variable.integer(1, 1_024).default(1).meta({ description: "Shards of a new index." }),
  OPENSEARCH_REPLICAS: variable.integer(0, 10).default(0).meta({ description: "Replicas of a new index." }),
  OPENSEARCH_REFRESH_INTERVAL: z
    .string()
    .regex(/^(-1|\d+(ms|s|m))$/, { error: "not an interval such as 1s" })
    .default("1s")
    .meta({ description: "Refresh interval of a new index: how soon documents become searchable." }),
  OPENSEARCH_BULK_FORMAT: z.enum(["auto", "smile", "json"]).default("auto").meta({
    description:
      "Format of bulk requests. auto: SMILE, at half of OpenSearch's CPU, or JSON if the cluster rejects it.",
  }),
  OPENSEARCH_VISIBILITY_MS: variable.integer(0, 600_000).default(60_000).meta({
    description:
      "With OPENSEARCH_AWS_SERVICE=aoss: how long a written document may stay invisible to searches. A write without a response is retried only after this time, to avoid duplicates.",
  }),
  SINK_CONCURRENCY: variable
    .integer(1, 64)
    .default(2)
    .meta({ description: "Maximum batches written concurrently; two keep OpenSearch busy." }),
  SINK_IN_FLIGHT_MAX_BYTES: variable.integer(1_024, 1_073_741_824).default(8_388_608).meta({
    description:
      "Maximum bytes of the batches in flight; fetching pauses at this limit. Should fit SINK_CONCURRENCY batches of 1.6 MB each (at 1,536 dimensions).",
  }),
});

/** The configuration of the sink process. */
export const sinkConfig = settings
  .superRefine(checkIdentity)
  .refine((config) => config.OPENSEARCH_AWS_SERVICE !== "aoss" || config.DOCUMENT_ID !== "key", {
    path: ["DOCUMENT_ID"],
    error:
      "key needs to replace and delete documents, which OpenSearch Serverless vector collections do not support; use offset, or a managed domain",
  });
export type SinkConfig = z.output<typeof sinkConfig>;
