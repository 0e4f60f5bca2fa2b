import { checkIdentity, redisSettings, schemaRegistrySettings } from "@millrace/connections";
import { consumerSettings, kafkaSettings, topicSettings } from "@millrace/kafka";
import { batchSettings, processSettings, variable } from "@millrace/shared";
import { z } from "zod";
import { textSettings } from "./text-settings.ts";

const settings = z.object({
  PORT: variable.integer(0, 65_535).default(8081).meta({ description: "Port of the HTTP server." }),
  ...processSettings,
  ...kafkaSettings,
  ...topicSettings,
  ...consumerSettings,
  ...redisSettings,
  ...textSettings,
  ...schemaRegistrySettings,
  ...batchSettings,
  BATCH_MAX_BYTES: variable
    .integer(1_024, 67_108_864)
    .default(1_048_576)
    .meta({ description: "Maximum bytes per batch; a larger message forms its own batch." }),
  BATCH_LINGER_MS: variable
    .integer(0, 60_000)
    .default(20)
    .meta({ description: "How long an incomplete batch waits for more messages." }),
  INGEST_IN_FLIGHT_MAX: variable
    .integer(1, 1_000_000)
    .default(8_192)
    .meta({ description: "Maximum messages fetched and not yet written in a batch; fetching pauses at this limit." }),
  INGEST_IN_FLIGHT_MAX_BYTES: variable.integer(1_024, 1_073_741_824).default(8_388_608).meta({
    description: "Maximum bytes of the messages fetched and not yet written in a batch; fetching pauses at this limit.",
  }),
});

/** A message must fit into one record, together with its key and headers. */
function checkMessageSize(config: z.output<typeof settings>, context: z.core.$RefinementCtx): void {
  const { MESSAGE_MAX_BYTES: message, KAFKA_RECORD_MAX_BYTES: record } = config;
  if (message <= record) return;
  context.addIssue({
    code: "custom",
    path: ["KAFKA_RECORD_MAX_BYTES"],
    message: `a record of ${record} bytes cannot hold a message of MESSAGE_MAX_BYTES (${message}); raise KAFKA_RECORD_MAX_BYTES or lower MESSAGE_MAX_BYTES`,
  });
}

/** The configuration of the ingest process. */
export const ingestConfig = settings.superRefine(checkIdentity).superRefine(checkMessageSize);
export type IngestConfig = z.output<typeof ingestConfig>;
