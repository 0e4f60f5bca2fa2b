import { z } from "zod";
import { described, variable } from "./config.ts";

/** Groups of variables that several processes have. A process's schema is made of those that it needs. */

export const processSettings = {
  HOST: described(z.string().default("0.0.0.0"), "Address that the process's HTTP server listens on."),
  LOG_LEVEL: described(
    z.enum(["debug", "info", "warn", "error"]).default("info"),
    "Least severe level that is logged.",
  ),
  HEARTBEAT_INTERVAL_MS: described(
    variable.integer(100, 600_000).default(30_000),
    "Time between two heartbeat lines in the log.",
  ),
  PRESENCE_INTERVAL_MS: described(
    variable.integer(100, 60_000).default(2_000),
    "Time between two reports of a process's state to Redis.",
  ),
  SLOW_OPERATION_MS: described(
    variable.integer(1, 3_600_000).default(1_000),
    "A request to another service that took longer in the last 10 s, or is under way for longer, is reported as slow by health, status and alerts.",
  ),
  SHUTDOWN_TIMEOUT_MS: described(
    variable.integer(0, 600_000).default(25_000),
    "After SIGTERM, how long what is in flight may take before it is given up uncommitted.",
  ),
  RETRY_INITIAL_MS: described(variable.integer(1, 60_000).default(200), "Upper bound of the first retry delay."),
  RETRY_MAX_MS: described(variable.integer(1, 600_000).default(15_000), "Upper bound of every retry delay."),
};
export type ProcessSettings = z.output<z.ZodObject<typeof processSettings>>;

/** What the identity of a document is; ingest and sink must agree. */
export const documentSettings = {
  DOCUMENT_ID: described(
    z.enum(["offset", "key"]).default("offset"),
    "offset: a document for each message. key: a document for each Kafka key; a later message replaces it, one without a value deletes it.",
  ),
};

/** For each process that puts texts together for a request to the provider. */
export const batchSettings = {
  BATCH_MAX_MESSAGES: described(
    variable.integer(1, 2_048).default(256),
    "Most messages of a batch; OpenAI's limit is 2,048 inputs a request.",
  ),
  BATCH_MAX_TOKENS: described(
    variable.integer(1, 10_000_000).default(300_000),
    "Most tokens of a batch; OpenAI's limit is 300,000 a request.",
  ),
};
