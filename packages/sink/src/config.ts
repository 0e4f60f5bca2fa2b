import { checkIdentity, redisSettings } from "@millrace/connections";
import { consumerSettings, kafkaSettings, topicSettings } from "@millrace/kafka";
import { openSearchSettings } from "@millrace/opensearch";
import { postgresSettings } from "@millrace/postgres";
import { documentSettings, processSettings, variable } from "@millrace/shared";
import { z } from "zod";
import { preparationSettings } from "./preparation-settings.ts";

const settings = z.object({
  PORT: variable.integer(0, 65_535).default(8083).meta({ description: "Port of the process's HTTP server." }),
  ...processSettings,
  ...kafkaSettings,
  ...topicSettings,
  ...consumerSettings,
  ...postgresSettings,
  ...openSearchSettings,
  ...redisSettings,
  ...documentSettings,
  ...preparationSettings,
  OPENSEARCH_SHARDS: variable.integer(1, 1_024).default(1).meta({ description: "Shards of an index that is created." }),
  OPENSEARCH_REPLICAS: variable
    .integer(0, 10)
    .default(0)
    .meta({ description: "Replicas of an index that is created." }),
  OPENSEARCH_REFRESH_INTERVAL: z
    .string()
    .regex(/^(-1|\d+(ms|s|m))$/, { error: "not an interval such as 1s" })
    .default("1s")
    .meta({ description: "How soon a document of an index that is created can be found." }),
  OPENSEARCH_BULK_FORMAT: z.enum(["auto", "smile", "json"]).default("auto").meta({
    description:
      "Format of bulk requests; auto: SMILE, which costs OpenSearch half, and JSON where the cluster refuses it.",
  }),
  OPENSEARCH_VISIBILITY_MS: variable.integer(0, 600_000).default(60_000).meta({
    description:
      "With OPENSEARCH_AWS_SERVICE=aoss: how long a document that was written may not be found yet; a write without an answer is tried again only after it.",
  }),
  SINK_CONCURRENCY: variable
    .integer(1, 64)
    .default(2)
    .meta({ description: "Most batches that are written at once; two keep OpenSearch busy." }),
  SINK_IN_FLIGHT_MAX_BYTES: variable.integer(1_024, 1_073_741_824).default(8_388_608).meta({
    description:
      "Most bytes of batches that were fetched and are not written; SINK_CONCURRENCY batches, of 1.6 MB each with 1,536 dimensions, should fit.",
  }),
});

/** Everything that the sink process can be told. */
export const sinkConfig = settings
  .superRefine(checkIdentity)
  .refine((config) => config.OPENSEARCH_AWS_SERVICE !== "aoss" || config.DOCUMENT_ID !== "key", {
    path: ["DOCUMENT_ID"],
    error:
      "key needs documents that are replaced and deleted, which a vector collection of OpenSearch Serverless does not do; use offset, or a managed domain",
  });
export type SinkConfig = z.output<typeof sinkConfig>;
